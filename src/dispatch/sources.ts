import { ApiError, UpstreamFault } from '../errors'
import type { GuardedOpen } from '../net/guarded-open'
import type { Http } from '../net/http'
import type { Account, Kind } from '../pool/account'
import type { Pool } from '../pool/pool'
import { suspect } from '../pool/suspects'
import { refusesKey } from '../upstream/fault'
import type { AssetCall, Upstream } from '../upstream/upstream'

interface SourcesParts {
  readonly pool: Pick<Pool, 'member' | 'setRest'>
  /** Asked for late: what they make goes through here, too. */
  readonly upstreams: () => Readonly<Record<Kind, Pick<Upstream, 'asset'>>>
  readonly http: Http
  readonly openPublic: GuardedOpen
  /** Whether an address can be opened with the credentials of an account alone. */
  readonly isPrivate: (url: string) => boolean
  readonly now: () => number
}

/** Where something is that an account has made. */
interface Origin {
  readonly accountId: string | null
  readonly url: string
}

const OK: ReadonlySet<number> = new Set([200, 206])

/**
 * Asks for what accounts have made: with the credentials of the account that made it where it takes them,
 * of a server that an operator has set up as such, and of all others as of strangers. No other account is
 * ever tried, as it would be refused.
 */
export function createSources(parts: SourcesParts) {
  const { pool, upstreams, http, openPublic, isPrivate, now } = parts

  async function ask({ url }: Origin, account: Account | undefined, call: AssetCall) {
    const own = account && upstreams()[account.kind].asset?.(account, url, call)
    if (own) return own
    if (account && isOwnServer(account, url)) return direct(account, url, call)
    if (isPrivate(url)) throw unavailable('The account that made it is not in the pool any more.')
    const { abort, range } = call
    return openPublic(url, {
      signal: abort.signal,
      proxy: await account?.proxy(),
      refuse: (_, says, cause) => unavailable(`Its address at the upstream ${says}.`, cause),
      ...(range !== undefined && { range }),
    })
  }

  async function direct(account: Account, url: string, { abort, range }: AssetCall) {
    const proxy = await account.proxy()
    const headers = { 'accept-encoding': 'identity', ...(range !== undefined && { range }) }
    return http.send({ url, method: 'GET', headers, proxy, abort })
  }

  /** What went wrong says nothing about the account, unless its credentials were refused as such. */
  function explain(cause: unknown, accountId: string | null): unknown {
    if (!(cause instanceof UpstreamFault)) return cause
    const { status } = cause.details
    const member = accountId === null ? undefined : pool.member(accountId)
    if (member && status === 401 && refusesKey(cause)) suspect(pool, member, cause, now())
    if (cause.kind === 'refused') return refused(status, cause)
    return unavailable(cause.message, cause)
  }

  /** @throws ApiError that says why it cannot be had, to anyone */
  return async (origin: Origin, abort: AbortController, range?: string): Promise<Response> => {
    const account = origin.accountId === null ? undefined : pool.member(origin.accountId)?.account
    const call: AssetCall = { abort, ...(range !== undefined && { range }) }
    try {
      const response = await ask(origin, account, call)
      if (OK.has(response.status)) return response
      throw refused(response.status)
    } catch (cause) {
      throw explain(cause, origin.accountId)
    }
  }
}

/** Whether an operator has set the account up with the server that an address is on. */
const isOwnServer = ({ kind, baseUrl }: Account, url: string): boolean =>
  kind !== 'web' && originOf(baseUrl) === originOf(url)

const originOf = (url: string): string | undefined => URL.parse(url)?.origin

const unavailable = (message: string, cause?: unknown): ApiError =>
  new ApiError('media_unavailable', message, { cause })

function refused(status: number | undefined, cause?: unknown): ApiError {
  if (status === 404 || status === 410) return unavailable('The upstream has it no longer.', cause)
  if (status === 401 || status === 403)
    return unavailable('The upstream refuses it to the account that made it.', cause)
  return unavailable(`The upstream answered with the status ${status}.`, cause)
}
