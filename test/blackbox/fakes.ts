import { fakeGrokWeb } from '../fakes/grok-web'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { fakePool } from '../fakes/pool'
import { garbage, healthy, inBand, jsonError, refuse, reset, torn } from '../fakes/pool-acts'
import { fakeResponses } from '../fakes/responses-upstream'
import { fakeUpstream } from '../fakes/upstream'
import { fakeXaiMedia } from '../fakes/xai-media'

/** Ways in which an account fails; for JSON and for streams there is a model each, of a bad and a good account. */
export const FAILING = {
  limited: refuse(429, 'resource-exhausted', 'Too many requests.', { 'retry-after': '45' }),
  broken: refuse(500, 'internal', 'Internal server error.'),
  overloaded: refuse(529, 'overloaded', 'Overloaded.'),
  unknown: refuse(401, 'unauthenticated', 'No or invalid authentication.'),
  garbage,
  'json-error': jsonError,
  'in-band': inBand(529, true),
  resets: reset,
} as const

/** Faults that nobody makes good, each a model of one account. */
export const FAULTS = {
  'only-refused': refuse(400, 'invalid-argument', 'That is too much to ask.'),
  'only-limited': FAILING.limited,
  'only-broken': FAILING.broken,
  'only-unknown': FAILING.unknown,
  'only-garbage': garbage,
  'only-resets': reset,
  'only-torn': torn,
} as const

/** Every upstream that the gateway has accounts at, in this process, with the controls of each. */
export async function startFakes() {
  await using stack = new AsyncDisposableStack()
  /** A server that speaks chat alone. */
  const chat = stack.use(fakeUpstream())
  let answer: Parameters<typeof fakeResponses>[0]
  const responses = stack.use(fakeResponses((asked, seen) => answer?.(asked, seen)))
  const xai = stack.use(fakeXaiMedia())
  const openai = stack.use(fakeOpenAiMedia())
  const web = stack.use(fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] }))
  const pool = stack.use(
    await fakePool({ first: healthy, second: healthy }, { models: ['shared'] }),
  )
  /** Accounts that fail, and those that make it good: `NAME-WAY-bad` and `NAME-WAY-good`. */
  const failing = stack.use(
    await fakePool(
      Object.fromEntries(
        Object.entries(FAILING).flatMap(([name, act]) =>
          ['json', 'stream'].flatMap((way) => [
            [`${name}-${way}-bad`, act],
            [`${name}-${way}-good`, healthy],
          ]),
        ),
      ),
    ),
  )
  const faulty = stack.use(await fakePool(FAULTS))
  /** Where callers with a key of their own are sent: it repeats what it was asked. */
  const own = stack.use(
    fakeUpstream(({ method, path, body, headers }) =>
      Response.json(
        { method, path, body, authorization: headers.get('authorization') },
        { status: 201, headers: { 'x-ratelimit-limit': '9', 'set-cookie': 'a=b' } },
      ),
    ),
  )
  const kept = stack.move()
  return {
    ...{ chat, responses, xai, openai, web, pool, failing, faulty, own },
    /** What the server that speaks Responses says from now on; without it, the usual. */
    responds(next?: Parameters<typeof fakeResponses>[0]): void {
      answer = next
    },
    /** All of them as they were at the start. */
    calm(): void {
      chat.script(() => undefined)
      answer = undefined
      xai.clear()
      openai.clear()
      web.clearScripts()
      for (const account of pool.accounts()) account.act = healthy
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type Fakes = Awaited<ReturnType<typeof startFakes>>
