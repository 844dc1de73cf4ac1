import type { Call } from './calls'
import { type Reply, reset } from './server'

/** A refusal in the shape of the upstream that is faked. */
export type Refuse = (
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
) => Response

/** What a fault has to work with. */
export interface Moment {
  readonly call: Call
  /** The answer without the fault. */
  readonly right: () => Promise<Response>
  readonly refuse: Refuse
}

/** Answers a call otherwise than it should be. */
export type Fault = (moment: Moment) => Reply | Promise<Reply>

/** So many bytes of the right answer, then what `after` does. */
const begun =
  (bytes: number | undefined, after: (call: Call) => Promise<void>): Fault =>
  async ({ call, right }) => {
    const response = await right()
    const whole = await response.bytes()
    const { status, headers } = response
    if (!headers.get('content-type')?.startsWith('text/event-stream'))
      headers.set('content-length', String(whole.length))
    return async (out) => {
      out.writeHead(status, Object.fromEntries(headers))
      out.write(whole.subarray(0, bytes ?? whole.length >> 1))
      await after(call)
      reset(out)
    }
  }

/** What can go wrong with any call. */
export const faults = {
  /** 429, to be tried again after so many seconds. */
  limited:
    (after = 1): Fault =>
    ({ refuse }) =>
      refuse(429, 'Too many requests.', { 'retry-after': String(after) }),
  /** A refusal with a status, in the upstream's shape. */
  refused:
    (status: number, message = 'Something went wrong.'): Fault =>
    ({ refuse }) =>
      refuse(status, message),
  /** Any answer. */
  says:
    (body: string | object, status = 200, headers: Record<string, string> = {}): Fault =>
    () =>
      typeof body === 'string'
        ? new Response(body, { status, headers })
        : Response.json(body, { status, headers }),
  /**
   * The connection is reset before the answer. Bun's fetch asks again by itself when it is a GET over
   * a connection that was used before.
   */
  resets: (): Fault => () => reset,
  /** The connection is reset within the answer, by default in the middle. */
  cut: (bytes?: number): Fault => begun(bytes, () => Bun.sleep(20)),
  /** Nothing more within the answer, by default in its middle. */
  stalls: (bytes?: number): Fault => begun(bytes, (call) => call.gone),
  /** Not a byte. */
  hangs:
    (): Fault =>
    ({ call }) =>
    () =>
      call.gone,
  /** 200 and JSON which ends too early. */
  malformed: (): Fault => () =>
    new Response('{"data":[{"url":"http', { headers: { 'content-type': 'application/json' } }),
  /** The right answer, later. */
  late:
    (ms: number): Fault =>
    async ({ call, right }) => {
      await Promise.race([Bun.sleep(ms), call.gone])
      return right()
    },
}

/** Which calls a fault is for: an endpoint or all (`*`), perhaps of one account alone. */
export type Aim<Endpoint extends string = string> =
  | Endpoint
  | '*'
  | { readonly endpoint: Endpoint | '*'; readonly account?: string }

interface Rule {
  readonly endpoint: string
  readonly account?: string
  readonly fault: Fault
}

const ruleOf = (aim: Aim, fault: Fault): Rule =>
  typeof aim === 'string' ? { endpoint: aim, fault } : { ...aim, fault }

/** Faults to come: those of the next calls, and those of all. */
export function createFaults() {
  const queue: Rule[] = []
  const standing: Rule[] = []
  const fits =
    (call: Call) =>
    ({ endpoint, account }: Rule): boolean =>
      (endpoint === '*' || endpoint === call.endpoint) &&
      (account === undefined || account === call.account)
  return {
    queue(aim: Aim, faults: readonly Fault[]): void {
      queue.push(...faults.map((fault) => ruleOf(aim, fault)))
    },
    stand(aim: Aim, fault: Fault): () => void {
      const rule = ruleOf(aim, fault)
      standing.unshift(rule)
      return () => void standing.splice(standing.indexOf(rule), 1)
    },
    clear(): void {
      queue.length = 0
      standing.length = 0
    },
    /** What to do to a call; undefined for nothing. */
    next(call: Call): Fault | undefined {
      const at = queue.findIndex(fits(call))
      if (at >= 0) return queue.splice(at, 1)[0]?.fault
      return standing.find(fits(call))?.fault
    },
  }
}
