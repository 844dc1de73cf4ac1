import type { startInstance } from './instances'

type Server = Awaited<ReturnType<typeof startInstance>>

/** An instance as the balancer sees it. */
export interface Member {
  readonly name: string
  readonly server: Server
  isAlive: boolean
  /** It was killed, so that what it was doing has no end. */
  wasKilled: boolean
}

/** What became of a turn. */
export interface Told {
  readonly kind: string
  readonly member: Member
  readonly at: number
  readonly endedAt: number
  readonly status: number
  readonly requestId: string
  readonly text: string
  /** The answer came to its end. */
  readonly isWhole: boolean
  readonly code: string
  /** Nobody took the connection, so that nothing was sent. */
  readonly isRefused?: boolean
}

type Heard = Omit<Told, 'kind' | 'member' | 'at' | 'endedAt'>

interface Turn {
  readonly kind: string
  readonly key: string
  readonly path: string
  readonly body: object
}

/** Sends turns to instances in turn, to those that are alive, and remembers what became of each. */
export function createCrowd() {
  const members: Member[] = []
  const told: Told[] = []
  const refused: Told[] = []
  /** Those where nobody listens any more. */
  const refusing = new Set<Member>()
  let turn = 0

  const alive = () => members.filter(({ isAlive }) => isAlive)

  async function attempt(member: Member, turnOf: Turn): Promise<Told> {
    const at = Date.now()
    const heard = await ask(member, turnOf)
    return { kind: turnOf.kind, member, at, endedAt: Date.now(), ...heard }
  }

  function tell(found: Told): Told {
    told.push(found)
    return found
  }

  async function ask(member: Member, { key, path, body }: Turn): Promise<Heard> {
    try {
      const reply = await fetch(`${member.server.url}/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      })
      const requestId = reply.headers.get('x-request-id') ?? ''
      const known = { status: reply.status, requestId }
      try {
        const text = await reply.text()
        const isStream = reply.headers.get('content-type')?.includes('event-stream') ?? false
        const isWhole = !isStream || /\[DONE\]|response\.completed/.test(text)
        return { ...known, text, isWhole, code: codeOf(text) }
      } catch (cause) {
        return { ...known, text: String(cause), isWhole: false, code: '' }
      }
    } catch (cause) {
      const isRefused = /refused/i.test(String((cause as { readonly code?: string }).code))
      const nothing = { status: 0, requestId: '', isWhole: false, code: '' }
      return { ...nothing, text: String(cause), isRefused }
    }
  }

  return {
    members,
    told,
    /** Turns whose connection nobody took, and that went on to another instance. */
    refused,
    alive,

    add(name: string, server: Server): Member {
      const member = { name, server, isAlive: true, wasKilled: false }
      members.push(member)
      return member
    },

    async kill(member: Member): Promise<void> {
      member.isAlive = false
      member.wasKilled = true
      member.server.signal('SIGKILL')
      await member.server.exited
    },

    /** Send a turn to the next instance; to the one after it where nobody takes the connection. */
    async send(turnOf: Turn): Promise<Told> {
      for (;;) {
        const all = members.filter((member) => !refusing.has(member))
        const member = all[turn++ % all.length]
        if (!member) throw new Error('Nobody is alive.')
        const found = await attempt(member, turnOf)
        if (!found.isRefused) return tell(found)
        refused.push(found)
        refusing.add(member)
      }
    },

    /** Send a turn to an instance. */
    sendTo: async (member: Member, turnOf: Turn): Promise<Told> =>
      tell(await attempt(member, turnOf)),
  }
}

function codeOf(text: string): string {
  try {
    return String(JSON.parse(text).error?.code ?? '')
  } catch {
    return ''
  }
}

/** Do something so many times a second until it is stopped, whatever has not ended yet. */
export function steadily(perSecond: number, work: (number: number) => Promise<unknown>) {
  const open = new Set<Promise<unknown>>()
  const startedAt = performance.now()
  let begun = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000)
    while (begun < due) {
      const one = work(begun++).finally(() => open.delete(one))
      open.add(one)
    }
  }, 10)
  return async () => {
    clearInterval(timer)
    await Promise.all(open)
    return begun
  }
}
