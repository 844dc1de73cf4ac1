import { readCookies } from './accounts'
import type { Generation } from './forms'

/** What a call was for. */
export type Endpoint =
  | 'new'
  | 'follow-up'
  | 'upload'
  | 'upload-v2'
  | 'post'
  | 'link'
  | 'upscale'
  | 'rate-limits'
  | 'quota-info'
  | 'assets'
  | 'delete'
  | 'imagine'
  | 'livekit'
  | 'asset'
  | 'unknown'

/** A call as it is remembered; times are milliseconds since 1970. */
export interface Call {
  readonly endpoint: Endpoint
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly cookies: Readonly<Record<string, string>>
  readonly at: number
  /** What the client did that the protocol does not know. */
  readonly complaints: string[]
  /** What came over the imagine socket. */
  readonly messages: unknown[]
  /** Resolves with the time when the client hangs up before its answer is complete. */
  readonly gone: Promise<number>
  /** The name of the account whose cookie was sent. */
  account: string | undefined
  /** The JSON of the body; of a multipart body its fields. */
  body: unknown
  generation: Generation | undefined
  status: number | undefined
  firstByteAt: number | undefined
  /** When the answer was complete. */
  endedAt: number | undefined
  /** When the client hung up early. */
  leftAt: number | undefined
}

interface Wanted {
  readonly account?: string
  readonly endpoint?: Endpoint
}

/** How long `gone` and `settled` wait before they give up. */
const PATIENCE_MS = 5_000

/** Everything that the fake was sent, in order. */
export function createRecords() {
  const calls: Call[] = []
  const leavers: Call[] = []
  const listeners = new Set<() => void>()
  const resolvers = new WeakMap<Call, (at: number) => void>()
  const held = new WeakSet<Call>()
  let stopped = false

  const changed = () => {
    for (const listener of listeners) listener()
  }

  /** The first value that is not undefined, now or after a change. */
  function until<T>(what: string, look: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), PATIENCE_MS)
    const check = () => {
      const found = look()
      if (found !== undefined) resolve(found)
    }
    listeners.add(check)
    check()
    return promise.finally(() => {
      clearTimeout(timer)
      listeners.delete(check)
    })
  }

  const matches =
    ({ account, endpoint }: Wanted) =>
    (call: Call): boolean =>
      (account === undefined || call.account === account) &&
      (endpoint === undefined || call.endpoint === endpoint)

  function leave(call: Call): void {
    if (stopped || call.endedAt !== undefined || call.leftAt !== undefined) return
    call.leftAt = Date.now()
    if (calls.includes(call)) leavers.push(call)
    resolvers.get(call)?.(call.leftAt)
    changed()
  }

  function end(call: Call): void {
    if (call.leftAt !== undefined) return
    call.endedAt ??= Date.now()
    changed()
  }

  return {
    calls,
    open(request: Request, endpoint: Endpoint): Call {
      const { pathname, searchParams } = new URL(request.url)
      const { promise: gone, resolve } = Promise.withResolvers<number>()
      const call: Call = {
        ...{ endpoint, method: request.method, path: pathname, query: searchParams },
        ...{ headers: request.headers, cookies: readCookies(request.headers.get('cookie')) },
        ...{ at: Date.now(), complaints: [], messages: [], gone },
        ...{ account: undefined, body: undefined, generation: undefined, status: undefined },
        ...{ firstByteAt: undefined, endedAt: undefined, leftAt: undefined },
      }
      resolvers.set(call, resolve)
      request.signal.addEventListener('abort', () => leave(call))
      calls.push(call)
      changed()
      return call
    },
    leave,
    end,
    /** The call has an answer whose body is sent bit by bit. */
    hold(call: Call): void {
      held.add(call)
    },
    /** The call has an answer, which is its end unless the body is held. */
    answered(call: Call): void {
      if (!held.has(call)) end(call)
    },
    stop() {
      stopped = true
    },
    of: (wanted: Wanted = {}): readonly Call[] => calls.filter(matches(wanted)),
    complaints: (): readonly string[] =>
      calls.flatMap(({ complaints, method, path }) =>
        complaints.map((complaint) => `${method} ${path}: ${complaint}`),
      ),
    /** The call that a client left early, when there is one: the first that matches, or the one
     * after `count` of them. */
    left: (wanted: Wanted = {}, count = 0): Promise<Call> =>
      until('a client that hangs up', () => leavers.filter(matches(wanted))[count]),
    /** Begin anew: calls so far are not in `calls`, and not among those who left or leave later. */
    forget(): void {
      calls.length = 0
      leavers.length = 0
    },
    /** When `count` calls that match have come. */
    arrived: (wanted: Wanted, count: number): Promise<readonly Call[]> =>
      until(`${count} calls`, () => {
        const found = calls.filter(matches(wanted))
        return found.length >= count ? found : undefined
      }),
    /** When no call is being answered. */
    settled: (): Promise<boolean> =>
      until('every call to end', () =>
        calls.every(({ endedAt, leftAt }) => endedAt !== undefined || leftAt !== undefined)
          ? true
          : undefined,
      ),
  }
}

export type Records = ReturnType<typeof createRecords>
