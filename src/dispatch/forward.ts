import { ApiError, UpstreamFault } from '../errors'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { Want } from '../pool/select'
import type { LedgerEntry } from '../store/ledger'
import type { Settings } from '../store/settings'
import { createRedactor } from '../stream/redact'
import { LEFT, tap } from '../stream/tap'
import { createUsageReader } from '../turn/usage-reader'
import type { XaiForward } from '../upstream/xai/forward'
import { type Books, type ServedBy, servedBy } from './book'
import type { Attempt, FailOver } from './fail-over'

interface ForwardingParts {
  readonly pool: Pool
  readonly catalog: Catalog
  readonly books: Books
  readonly failOver: FailOver
  readonly forward: XaiForward
}

/** A call that Groxy does not model, to be made with one of the pool's xAI accounts. */
export interface ForwardTurn {
  readonly requestId: string
  readonly keyId: string
  /** After `/v1`, with the query. */
  readonly path: string
  readonly method: string
  /** As the ledger names it. */
  readonly endpoint: string
  /** The caller's headers, with the credential that is to be used. */
  readonly headers: (secret: string) => Headers
  /** A text can be sent again to another account, a stream cannot. */
  readonly body: string | ReadableStream<Uint8Array> | null
  readonly model: string
  readonly signal: AbortSignal
  readonly settings: Settings
  readonly onEnd: (entry: LedgerEntry) => void
}

/** The upstream's answer, and whose it is. */
interface Forwarded {
  readonly response: Response
  readonly by: ServedBy | undefined
}

/**
 * What a path that we know nothing about refuses or breaks on says little about the account: it must
 * not rest for it, or any caller could put it to sleep.
 */
function blameless(cause: unknown): ApiError | undefined {
  if (!(cause instanceof UpstreamFault) || cause.kind !== 'refused') return
  const { status = 502, type, code } = cause.details
  // A path or an object that one account does not have, the others are not asked for.
  if (status === 404)
    return new ApiError('invalid_value', cause.message, {
      status,
      type,
      upstreamCode: code ?? null,
      cause,
    })
  if (status !== 403 && status < 500) return
  return new ApiError('upstream_error', `xAI refused the call: ${cause.message}`, { cause })
}

/**
 * Whether the usage in an answer is this call's own. Looking at what was made tells it again, any
 * number of times; only a completion that was put off is given out once, and first then.
 */
const isOwnUsage = ({ method, path }: ForwardTurn): boolean =>
  method === 'POST' || path.startsWith('/chat/deferred-completion/')

const noAccount = (): never => {
  throw new ApiError('no_account', 'No xAI account is in the pool any more.')
}

/** Forwards what is not modelled over the accounts that have it. */
export function createForwarding({ pool, catalog, books, failOver, forward }: ForwardingParts) {
  const capable = (model: string) => catalog.ofKind('xai', model)

  async function attempt(
    turn: ForwardTurn,
    { lease, abort, deadline }: Attempt,
  ): Promise<Response> {
    deadline.waitFor(turn.settings.total_timeout_ms, 'The upstream did not answer in time.')
    const secret = await lease.account.secret()
    const { path, method, body } = turn
    const { baseUrl } = lease.account
    try {
      const headers = turn.headers(secret)
      const proxy = await lease.account.proxy()
      return await forward.ours({ baseUrl, path, method, headers, body, proxy, abort }, secret)
    } catch (cause) {
      const why = blameless(cause)
      if (why) pool.reached(lease)
      throw why ?? cause
    }
  }

  return {
    /** Whether there is an account to forward with. */
    isPossible: (): boolean => capable('') !== undefined,

    /** @throws ApiError when no account could */
    async send(turn: ForwardTurn): Promise<Forwarded> {
      const { settings, signal, onEnd } = turn
      const { requestId, keyId, endpoint, model } = turn
      const book = books.open({ requestId, keyId, endpoint, model, stream: false }, onEnd)
      const repeatable = !(turn.body instanceof ReadableStream)
      try {
        const plan = capable(model) ?? noAccount()
        const want: Want = {
          candidates: [],
          model: '',
          endpoint,
          conversation: undefined,
          tokens: 0,
          prefers: undefined,
          tried: [],
        }
        const response = await failOver(
          { plan, want, keyId, settings, signal, book, repeatable, narrow: true },
          async (running) => {
            const { lease, abort, deadline } = running
            const response = await attempt(turn, running)
            const { status, headers } = response
            books.answered(book, lease)
            const type = isOwnUsage(turn) ? (headers.get('content-type') ?? '') : ''
            const reader = createUsageReader(type)
            const end = (why?: unknown) => {
              deadline.end()
              if (why === undefined) pool.succeed(lease)
              else abort.abort()
              pool.release(lease)
              const outcome = why === undefined ? 'done' : why === LEFT ? 'gone' : 'broken'
              books.close(book, outcome, { status, usage: reader?.usage() })
            }
            if (!response.body) end()
            // An answer that is passed on unread must not carry the account's credential either.
            const redactor = createRedactor(await lease.account.secret())
            const push = (bytes: Uint8Array) => {
              reader?.push(bytes)
              return redactor.push(bytes)
            }
            const filter = { push, end: redactor.end }
            const body = response.body && tap(response.body, { filter, onEnd: end })
            return new Response(body, { status, headers })
          },
        )
        return { response, by: servedBy(book) }
      } catch (cause) {
        books.fail(book, cause)
        throw cause
      }
    },
  }
}

export type Forwarding = ReturnType<typeof createForwarding>
