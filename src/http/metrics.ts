import { Elysia } from 'elysia'
import Type from 'typebox'
import { sameText } from '../crypto'
import { ApiError } from '../errors'
import { contextOf } from './context'
import { failure, operation } from './operation'

interface MetricsParts {
  /** Everything there is to tell, in Prometheus' text format. */
  readonly render: () => string | Promise<string>
  /** Opens the metrics to those who are not on this machine. */
  readonly token: string | undefined
}

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const Text = Type.String({ examples: ['groxy_turns_total{kind="xai",…,outcome="done"} 12'] })

const NEEDS_TOKEN =
  'The metrics need the token of the variable METRICS_TOKEN: send it as "Authorization: Bearer …".'
const ONLY_HERE =
  'The metrics are for programs on this machine, at 127.0.0.1 and without a proxy. Set the variable METRICS_TOKEN and send it as "Authorization: Bearer …" to read them from elsewhere.'

/** What a proxy adds: then it is not known who asks. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

const LOOPBACK = /^(?:::1|(?:::ffff:)?127(?:\.\d+){3})$/
/** A page that a browser of this machine shows may not ask under a name of its own. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/

/** `GET /metrics`: for Prometheus, with the token or from this machine. */
export const metricsRoutes = ({ render, token }: MetricsParts) =>
  new Elysia({ tags: ['Health'] }).get(
    '/metrics',
    async ({ request }) => {
      authorise(request, token)
      return new Response(await render(), {
        headers: { 'content-type': TYPE, 'cache-control': 'no-store' },
      })
    },
    {
      detail: {
        ...operation({
          operationId: 'metrics',
          summary: 'Counts and times, for Prometheus',
          description:
            'For programs on the same machine, and for those that send the token of the variable `METRICS_TOKEN`.',
          answers: {
            200: {
              description: "Metrics in Prometheus' text format.",
              content: { 'text/plain': { schema: Text } },
            },
            401: failure('No token, or a wrong one.', 'invalid_api_key', NEEDS_TOKEN),
            403: failure('Only this machine may ask.', 'access_denied', ONLY_HERE),
          },
        }),
        security: [{ metrics: [] }, {}],
      },
    },
  )

/** @throws ApiError that says how to be let in */
function authorise(request: Request, token: string | undefined): void {
  const header = request.headers.get('authorization')
  const presented = header?.match(/^bearer +(\S+)$/i)?.[1]
  if (token && presented && sameText(presented, token)) return
  if (!header && isLocal(request)) return
  throw token
    ? new ApiError('invalid_api_key', NEEDS_TOKEN)
    : new ApiError('access_denied', ONLY_HERE)
}

function isLocal(request: Request): boolean {
  const { headers, url } = request
  if (FORWARDED.some((name) => headers.has(name))) return false
  if (!LOOPBACK_HOST.test(new URL(url).hostname)) return false
  return LOOPBACK.test(contextOf(request)?.listener?.requestIP(request)?.address ?? '')
}
