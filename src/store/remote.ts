import { type Client, createClient } from '@libsql/client/web'
import { messageOf } from '../errors'
import { DatabaseAway } from './fault'
import { patient } from './patient'

/** How long a call may take, its answer included. */
const CALL_MS = 10_000
/** The same of the first, and after one without an answer while no other had one: whoever asks shall know soon. */
const FIRST_MS = 5_000
const SILENT_MS = 3_000
/** The limit of migrations and copies: they take their time, and nobody waits for them. */
export const LONG_CALL_MS = 60_000

/** Forms in which a libSQL server answers questions; a page comes from something in between. */
const SPOKEN = /json|protobuf/

interface RemoteOptions {
  /** How long a call may take. */
  readonly limitMs?: number
  /** Whole numbers come as `bigint`, so that none is rounded. */
  readonly exact?: boolean
}

/**
 * Turso or a self-hosted libSQL server, over HTTP.
 *
 * The client queues calls beyond `concurrency`. On Workers a queued call would be woken by another
 * request's I/O, which the runtime forbids ("code had hung"), so the queue is switched off.
 *
 * A call that is not answered within the limit ends with `DatabaseAway`; it may have been done all the same.
 */
export function openRemote(
  url: string,
  authToken?: string,
  { limitMs = CALL_MS, exact = false }: RemoteOptions = {},
): Client {
  const isLong = limitMs > CALL_MS
  const silentMs = isLong ? limitMs : Math.min(SILENT_MS, limitMs)
  let patienceMs = isLong ? limitMs : Math.min(FIRST_MS, limitMs)
  let answers = 0

  async function call(request: Request): Promise<Response> {
    const ms = patienceMs
    const answersBefore = answers
    // Its timer belongs to the request that calls, as on Workers it has to.
    const limit = new AbortController()
    const { signal } = limit
    const timer = setTimeout(() => limit.abort(), ms)
    try {
      const response = await globalThis.fetch(request, { signal })
      // All of it: else a server that falls silent in the middle would be waited for.
      const body = await response.arrayBuffer()
      patienceMs = limitMs
      answers++
      const type = response.headers.get('content-type') ?? ''
      if (request.method === 'POST' && response.ok && !SPOKEN.test(type))
        throw new Error(
          `What answers there is no libSQL server: it says ${type || 'nothing of a known form'}.`,
        )
      return new Response(body, { status: response.status, headers: { 'content-type': type } })
    } catch (cause) {
      // A server that answers others meanwhile is busy, and not away.
      if (signal.aborted && answers === answersBefore) patienceMs = silentMs
      const problem = signal.aborted ? `There was no answer within ${ms} ms.` : messageOf(cause)
      throw new DatabaseAway(problem, { cause })
    } finally {
      // A timer that is left holds up the end of a Worker's answer that breaks off.
      clearTimeout(timer)
    }
  }

  return patient(
    createClient({
      url: overHttp(url),
      fetch: call,
      ...(authToken && { authToken }),
      ...(exact && { intMode: 'bigint' as const }),
      concurrency: Number.MAX_SAFE_INTEGER,
    }),
  )
}

/** A server that takes WebSockets takes calls over HTTP at the same address, which can be limited. */
const overHttp = (url: string): string => url.replace(/^ws(?=s?:)/, 'http')
