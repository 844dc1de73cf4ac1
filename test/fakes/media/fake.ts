import { type Call, callOf } from './calls'
import { type Aim, createFaults, type Fault, type Refuse } from './faults'
import type { Host, HostedOptions } from './host'
import { type Incoming, listen, type Reply } from './server'
import type { Manner } from './serving'

/** What a call is for, its method and the form of its path, whose groups are given on. */
export type Route<Endpoint extends string> = readonly [Endpoint, method: string, path: RegExp]

interface Parts<Endpoint extends string> {
  readonly routes: readonly Route<Endpoint>[]
  readonly host: Host
  readonly refuse: Refuse
  /** Whose call it is; a refusal when nobody's. */
  readonly enter: (headers: Headers) => string | Response
  readonly answer: (call: Call, endpoint: Endpoint, found: readonly string[]) => Response
}

/** What fakes of APIs that make media have in common: records, faults, and the media host. */
export function serveFake<Endpoint extends string>(parts: Parts<Endpoint>) {
  const { routes, host, refuse, enter } = parts
  const calls: Call[] = []
  const faults = createFaults()

  async function answer(incoming: Incoming): Promise<Reply> {
    const { method, url, headers } = incoming
    const route = routes.find(([, verb, path]) => verb === method && path.test(url.pathname))
    const { call, fault } = await callOf(incoming, route?.[0] ?? 'unknown')
    calls.push(call)
    const account = enter(headers)
    const right = async () => {
      if (account instanceof Response) return account
      if (!route) return refuse(404, `There is no ${method} ${url.pathname}.`)
      if (fault !== undefined) return refuse(400, fault)
      const [, ...found] = route[2].exec(url.pathname) ?? []
      return parts.answer(call, route[0], found)
    }
    call.account = account instanceof Response ? undefined : account
    const wrong = faults.next(call)
    const reply = wrong ? await wrong({ call, right, refuse }) : await right()
    if (!(reply instanceof Response)) return reply
    call.status = reply.status
    reply.headers.set('x-request-id', crypto.randomUUID())
    return reply
  }

  const server = listen(async (incoming) =>
    incoming.url.pathname.startsWith('/media/') ? host.answer(incoming) : answer(incoming),
  )
  return {
    /** The base URL, which ends in `/v1`. */
    url: `${server.origin}/v1`,
    origin: server.origin,
    /** What was asked of the API, in order; what is fetched from the media host is counted there. */
    calls,
    callsOf: (endpoint: Endpoint, account?: string): readonly Call[] =>
      calls.filter(
        (call) => call.endpoint === endpoint && (account === undefined || call.account === account),
      ),
    forget(): void {
      calls.length = 0
    },
    /** Answer the next calls of an endpoint, or of any (`*`), one each. */
    script: (aim: Aim<Endpoint>, ...wrong: readonly Fault[]): void => faults.queue(aim, wrong),
    /** Answer all calls so, until what is returned is called. */
    always: (aim: Aim<Endpoint>, wrong: Fault): (() => void) => faults.stand(aim, wrong),
    clearFaults: faults.clear,
    /** Put something on the media host. */
    put: (hosted: HostedOptions) => host.put(hosted),
    /** What lies on the media host: at an address, and all of it. */
    media: (address: string) => host.at(address),
    allMedia: () => host.all(),
    /** How everything is served that is made from now on. */
    serves: (manner: Manner): void => host.manner(manner),
    stop: server.stop,
    [Symbol.asyncDispose]: async () => server.stop(),
  }
}
