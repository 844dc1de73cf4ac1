import { ApiError } from '#src/errors'
import { createFetchGuard, type FetchGuard } from '#src/net/fetch-guard'
import type { FetchInit } from '#src/net/http'

const HERE = '127.0.0.1'

export const PARAM = 'messages.0.content.1.image_url.url'

interface World {
  /** What names stand for; a list of lists for one that says something else each time. */
  readonly hosts?: Readonly<Record<string, readonly string[] | readonly (readonly string[])[]>>
  /** Certificates that are trusted, as PEM. */
  readonly ca?: string
  /** Whether it is as on a Worker, where names cannot be looked up. */
  readonly isBlind?: boolean
  /** Which addresses may be called; `real` for those of the public internet, as in production. */
  readonly allowed?: readonly string[] | 'real'
}

/** A guard over the real `fetch`, and what it did. */
export function guarded({ hosts = {}, ca, isBlind = false, allowed = [HERE] }: World = {}) {
  const called: string[] = []
  const asked: string[] = []
  const fetchGuarded = createFetchGuard({
    fetch(url, init: FetchInit) {
      called.push(url)
      return fetch(url, { ...init, ...(ca !== undefined && { tls: { ...init.tls, ca } }) })
    },
    ...(!isBlind && {
      async resolve(host) {
        const before = asked.filter((name) => name === host).length
        asked.push(host)
        const found = hosts[host]
        if (!found) throw Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' })
        const turn = found[Math.min(before, found.length - 1)]
        return typeof turn === 'object' ? turn : (found as readonly string[])
      },
    }),
    ...(allowed !== 'real' && { isAllowed: (address) => allowed.includes(address) }),
  })
  const get = (url: string, limits: Partial<Limits> = {}) =>
    fetchGuarded(url, { ...LIMITS, signal: new AbortController().signal, ...limits })
  return {
    /** What was called, as `fetch` was told. */
    called,
    /** The names that were looked up. */
    asked,
    get,
    text: async (url: string) => new TextDecoder().decode(await get(url)),
    /** Why an address is refused. */
    async refusal(url: string, limits: Partial<Limits> = {}): Promise<Refusal> {
      const problem = await get(url, limits).catch((cause: unknown) => cause)
      if (!(problem instanceof ApiError)) throw new Error(`That is no refusal: ${problem}`)
      return { status: problem.status, ...problem.toBody().error }
    },
  }
}

type Limits = Parameters<FetchGuard>[1]
type Refusal = { readonly status: number } & ReturnType<ApiError['toBody']>['error']

const LIMITS = { maxBytes: 1024 * 1024, timeoutMs: 5_000, param: PARAM }

/** A server at an address of this machine. */
export function serverAt(
  answer: (request: Request) => Response | Promise<Response>,
  { hostname = HERE, port = 0 } = {},
) {
  const seen: { readonly method: string; readonly url: string; readonly headers: Headers }[] = []
  const server = Bun.serve({
    port,
    hostname,
    idleTimeout: 0,
    fetch(request) {
      const { method, url, headers } = request
      seen.push({ method, url, headers })
      return answer(request)
    },
  })
  return {
    seen,
    port: server.port ?? 0,
    url: `http://${hostname}:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
