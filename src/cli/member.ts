import type { Siblings } from '../platform'
import { BEAT_MS, type FromProcess, type Place, type ToProcess } from './process-messages'

/** Longer than the supervisor waits for the slowest. */
const PATIENCE_MS = 2_000

type Answer = Awaited<ReturnType<Siblings['metrics']>>

/** What the supervisor wants of a process that has begun. */
interface Duties {
  /** What it measures, in Prometheus' text format. */
  readonly metrics: () => string
  /** Give back what these instances held. */
  readonly bury: (names: readonly string[]) => Promise<void>
  readonly onFault: (cause: unknown) => void
}

/** This process as one of several that share a port, with the line to its supervisor. */
export function createMember(place: Place) {
  const asked = new Map<number, (answer: Answer) => void>()
  const stop = Promise.withResolvers<string>()
  const unanswered: ToProcess[] = []
  let duties: Duties | undefined
  let last = 0

  function send(message: FromProcess): void {
    // Without a supervisor there is nobody to tell, and the stop is on its way.
    if (process.connected) process.send?.(message)
  }

  async function bury(names: readonly string[], { bury, onFault }: Duties): Promise<void> {
    try {
      await bury(names)
      send({ type: 'buried', names })
    } catch (cause) {
      // The supervisor asks again.
      onFault(cause)
    }
  }

  function receive(message: ToProcess): void {
    if (message.type === 'stop') stop.resolve('the supervisor says so')
    else if (message.type === 'gathered') asked.get(message.id)?.(message)
    else if (!duties) unanswered.push(message)
    else if (message.type === 'bury') void bury(message.names, duties)
    else send({ type: 'told', id: message.id, text: duties.metrics() })
  }

  process.on('message', receive)
  // It is gone, however it ended: nobody would replace this process, or end it.
  process.on('disconnect', () => stop.resolve('the supervisor is gone'))
  if (!process.connected) stop.resolve('the supervisor is gone')
  // A terminal sends Ctrl-C to all processes at once; what is to be done the supervisor says.
  process.on('SIGINT', () => undefined)
  setInterval(send, BEAT_MS, { type: 'beat' }).unref()
  send({ type: 'beat' })

  const siblings: Siblings = {
    index: place.index,

    metrics: () =>
      new Promise((resolve) => {
        const id = ++last
        const nobody: Answer = { told: [], missing: place.processes - 1 }
        const timer = setTimeout(() => end(nobody), PATIENCE_MS)
        const end = (answer: Answer) => {
          clearTimeout(timer)
          asked.delete(id)
          resolve(answer)
        }
        asked.set(id, end)
        if (process.connected) send({ type: 'ask', id })
        else end(nobody)
      }),
  }

  return {
    place,
    siblings,

    /** From now on this process can do what its supervisor wants of it. */
    begin(own: Duties): void {
      duties = own
      for (const message of unanswered.splice(0)) receive(message)
    },

    /** It takes connections. */
    listening: (port: number): void => send({ type: 'listening', port }),

    /** Resolves with the reason when this process is to stop. */
    stop: stop.promise,
  }
}

export type Member = ReturnType<typeof createMember>
