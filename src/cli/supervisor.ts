import type { Config } from '../config'
import { newId } from '../crypto'
import { SetupError } from '../errors'
import { faultFields } from '../log'
import type { Output } from './output'
import { BEAT_MS, type FromProcess, placeVariable, type ToProcess } from './process-messages'
import { delayOf, isHopeless, QUICK_MS } from './replacing'
import { ownCommand } from './self'
import { createSwitchboard } from './switchboard'

/** How long one process waits for what the others measure. */
const PATIENCE_MS = 1_000
/** So many beats that did not come, and a process does nothing any more. */
const MISSED_BEATS = 6

/** How long to wait at least before a process is started again that could not be. */
const UNSTARTED_MS = 1_000

/** One of the processes, and the one that takes its place when it is gone. */
interface Slot {
  readonly index: number
  child?: Bun.Subprocess
  name: string
  isListening: boolean
  startedAt: number
  /** Ends in a row soon after the start. */
  failures: number
  missed: number
  timer?: ReturnType<typeof setTimeout>
}

/**
 * Keep so many processes of this program on one port until a signal says to stop: each that ends is
 * replaced, and what it held is given back by another.
 *
 * @returns the exit code
 * @throws SetupError when none stays alive
 */
export function supervise(config: Config, count: number, { log }: Output): Promise<number> {
  const ended = Promise.withResolvers<number>()
  const slots = Array.from({ length: count }, (_, index): Slot => newSlot(index))
  /** Whose leases may still be held. */
  const dead = new Set<string>()
  const switchboard = createSwitchboard({ send, patienceMs: PATIENCE_MS })
  let port = config.PORT
  let hasServed = false
  let isStopping = false
  let code = 0

  function send(index: number, message: ToProcess): void {
    const child = slots[index]?.child
    try {
      child?.send(message)
    } catch {
      // It ends just now, and is told of elsewhere.
    }
  }

  function start(slot: Slot): void {
    slot.name = newId()
    slot.startedAt = Date.now()
    slot.missed = 0
    const { name, index } = slot
    const place = { name, index, processes: count, isFirst: !hasServed }
    let child: Bun.Subprocess
    try {
      child = spawn(slot, place)
    } catch (cause) {
      // Without memory, or while the program is being exchanged: those who serve go on.
      if (!hasServed) throw cause
      slot.failures++
      log.error('process_not_started', { process: index, ...faultFields(cause) })
      slot.timer = setTimeout(start, Math.max(UNSTARTED_MS, delayOf(slot.failures)), slot)
      return
    }
    slot.child = child
    void child.exited.then(() => hasEnded(slot, child))
    // The stop may have come while it was being started.
    if (isStopping) send(index, { type: 'stop' })
  }

  const spawn = (slot: Slot, place: Parameters<typeof placeVariable>[0]): Bun.Subprocess =>
    Bun.spawn(ownCommand(['serve']), {
      env: {
        ...process.env,
        ...{ PORT: String(port), HOST: config.HOST, WORKERS: '1' },
        ...placeVariable(place),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      serialization: 'json',
      ipc: (message: FromProcess) => receive(slot, message),
    })

  function receive(slot: Slot, message: FromProcess): void {
    slot.missed = 0
    if (message.type === 'listening') isServing(slot, message.port)
    else if (message.type === 'ask') ask(slot.index, message.id)
    else if (message.type === 'told') switchboard.told(slot.index, message.id, message.text)
    else if (message.type === 'buried') for (const name of message.names) dead.delete(name)
  }

  function ask(asker: number, id: number): void {
    const others = slots.filter(({ index }) => index !== asker)
    const living = others.filter(({ isListening }) => isListening)
    switchboard.ask(
      { asker, id },
      living.map(({ index }) => index),
      others.length - living.length,
    )
  }

  function isServing(slot: Slot, at: number): void {
    slot.isListening = true
    port = at
    if (hasServed) log.info('process_serves', { process: slot.index, pid: slot.child?.pid })
    const others = hasServed ? [] : slots.filter(({ child }) => child === undefined)
    hasServed = true
    if (!isStopping) for (const other of others) start(other)
    bury()
  }

  /** Whoever lives gives back what the dead have held: at once, and again until it is done. */
  function bury(): void {
    const heir = slots.find(({ isListening }) => isListening)
    if (heir && dead.size > 0) send(heir.index, { type: 'bury', names: [...dead] })
  }

  function hasEnded(slot: Slot, child: Bun.Subprocess): void {
    delete slot.child
    dead.add(slot.name)
    slot.isListening = false
    if (child.exitCode !== 0) code = 1
    if (isStopping) endIfAll()
    // Nothing has served yet, and it has said why.
    else if (!hasServed) ended.resolve(child.exitCode ?? 1)
    else replace(slot, child)
  }

  function replace(slot: Slot, { pid, exitCode, signalCode }: Bun.Subprocess): void {
    const livedMs = Date.now() - slot.startedAt
    slot.failures = livedMs < QUICK_MS ? slot.failures + 1 : 0
    const how = { code: exitCode, signal: signalCode }
    log.error('process_ended', { process: slot.index, pid, ...how, lived_ms: livedMs })
    bury()
    if (isHopeless(slots)) giveUp(signalCode ? `signal ${signalCode}` : `exit code ${exitCode}`)
    else slot.timer = setTimeout(start, delayOf(slot.failures), slot)
  }

  function giveUp(how: string): void {
    haltAll()
    ended.reject(
      new SetupError(
        `The processes end as soon as they have started, the last one with ${how}.`,
        'What they said before stands above; `groxy serve --workers 1` shows it alone.',
      ),
    )
  }

  function endIfAll(): void {
    if (slots.every(({ child }) => child === undefined)) ended.resolve(code)
  }

  function haltAll(): void {
    isStopping = true
    for (const { child, timer } of slots) {
      clearTimeout(timer)
      child?.kill('SIGKILL')
    }
  }

  function stop(): void {
    code = 0
    isStopping = true
    for (const { index, timer } of slots) {
      clearTimeout(timer)
      send(index, { type: 'stop' })
    }
    endIfAll()
  }

  function halt(): void {
    haltAll()
    ended.resolve(1)
  }

  /** A process whose event loop stands still answers nobody, and takes connections all the same. */
  function look(): void {
    bury()
    for (const slot of slots) {
      if (!slot.child || ++slot.missed <= MISSED_BEATS) continue
      log.error('process_stuck', { process: slot.index, pid: slot.child.pid })
      slot.child.kill('SIGKILL')
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => (isStopping ? halt() : stop()))
  const timer = setInterval(look, BEAT_MS)
  // One first: it opens the database for all, and finds out whether the port is free.
  const [first] = slots
  if (first) start(first)
  return ended.promise.finally(() => clearInterval(timer))
}

const newSlot = (index: number): Slot => ({
  index,
  name: '',
  isListening: false,
  startedAt: 0,
  failures: 0,
  missed: 0,
})
