import { faultFields, type Log } from '../log'
import { sleep } from '../sleep'
import type { BatchPlace, BatchRow, BatchRows, NewBatch } from '../store/batches'
import { type BatchProgress, createProgress } from './batch-progress'
import { runBatch, type Slice, type Subject } from './batch-run'

/** How work on many things stands. */
export type Batch = BatchRow

/** A kind of work on many things. */
export interface BatchKind {
  /** The things by their ids; what is not there any more is left out. */
  readonly find: (ids: readonly string[]) => Promise<ReadonlyMap<string, Subject>>
  /** Called after a while of work, so that this instance knows what was found. */
  readonly learn?: () => Promise<void>
}

interface BatchesParts {
  readonly store: BatchRows
  readonly kinds: Readonly<Record<string, BatchKind>>
  readonly now: () => number
  readonly random: () => number
  /** Names this instance to the others; asked when it is first needed. */
  readonly instance: () => string
  readonly newId: () => string
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  /** How much is done at a stretch; undefined where it may go on until all is done. */
  readonly slice: Slice | undefined
  readonly log: Log
}

/** Whoever has said nothing for so long is gone, and another goes on. */
const LEASE_MS = 30_000
/** How far it is is written, and looked at, so often. */
const STEP_MS = 1_000

const ENDED: ReadonlySet<Batch['state']> = new Set(['done', 'failed', 'cancelled'])

/** Whether nothing more will become of it. */
export const hasEnded = ({ state }: Batch): boolean => ENDED.has(state)

interface Running {
  readonly batch: Batch
  readonly progress: BatchProgress
  readonly abort: AbortController
  /** What is to become of it once it has stopped. */
  wish: 'pause' | 'cancel' | 'lost' | undefined
}

/** Work on many things that operators asked for, one after the other, by one instance for all. */
export function createBatches(parts: BatchesParts) {
  const { store, kinds, now, random, instance, later, slice, log } = parts
  let running: Running | undefined
  let busyUntil = 0
  let isStopped = false

  /** Stop what runs here, and say what is to become of it. */
  function stop(wish: Running['wish']): void {
    if (!running) return
    running.wish ??= wish
    running.abort.abort()
  }

  /** Say how far it is, once a second, and hear what operators want. */
  async function accompany({ progress, abort }: Running, isOver: () => boolean): Promise<void> {
    for (;;) {
      busyUntil = now() + LEASE_MS
      try {
        const word = await store.step(progress.step(), LEASE_MS)
        if (word !== 'go on') stop(word)
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      }
      await pause(STEP_MS, abort.signal, isOver)
      if (isOver() || abort.signal.aborted) return
    }
  }

  async function run(batch: Batch): Promise<void> {
    const kind = kinds[batch.kind]
    const progress = createProgress(batch, instance())
    const own: Running = { batch, progress, abort: new AbortController(), wish: undefined }
    running = own
    let isOver = false
    const watching = accompany(own, () => isOver)
    let failure: unknown
    try {
      if (!kind) throw new Error(`Nobody here knows how to ${batch.kind}.`)
      await runBatch({
        ...{ batch, progress, now, random, slice, signal: own.abort.signal, find: kind.find },
        subjectsOf: (part) => store.subjects(batch.id, part),
      })
      await kind.learn?.()
    } catch (cause) {
      failure = cause
    }
    isOver = true
    await watching
    const step = progress.step()
    const state = stateAfter(own, failure)
    try {
      if (own.wish !== 'lost') await store.leave(step, state)
    } catch (cause) {
      // Whoever takes it on goes on from what was written last.
      log.warn('database_unreachable', faultFields(cause))
    } finally {
      running = undefined
    }
    const { kind: name, total } = batch
    const said = { batch: batch.id, kind: name, state, done: step.done, good: step.good, total }
    if (failure) log.error('batch_failed', { ...said, ...faultFields(failure) })
    else log.info('batch', said)
  }

  function stateAfter({ batch, progress, wish }: Running, failure: unknown): Batch['state'] {
    if (wish === 'cancel') return 'cancelled'
    if (failure) return 'failed'
    if (progress.step().done >= batch.total) return 'done'
    return wish === 'pause' ? 'paused' : 'waiting'
  }

  /** As it stands here, where it is at work here. */
  function live(row: Batch): Batch {
    if (running?.batch.id !== row.id || row.state !== 'running') return row
    const { done, good, ahead, problems } = running.progress.step()
    return { ...row, done, good, ahead, problems }
  }

  const batches = {
    /** Have something done to many things; it begins soon, behind what was asked for before. */
    async begin(wanted: Omit<NewBatch, 'id'>): Promise<Batch> {
      const batch = await store.add({ ...wanted, id: parts.newId() })
      later(batches.tick())
      return batch
    },

    /** The newest first. */
    list: async (limit: number, behind?: BatchPlace): Promise<Batch[]> =>
      (await store.list(limit, behind)).map(live),

    async find(id: string): Promise<Batch | undefined> {
      const row = await store.find(id)
      return row && live(row)
    },

    /** End it; says whether it had not ended yet. */
    async cancel(id: string): Promise<boolean> {
      const isWanted = await store.want(id, 'cancel')
      if (isWanted && running?.batch.id === id) stop('cancel')
      return isWanted
    },

    /** Stop it for a while; says whether it could be. */
    async pause(id: string): Promise<boolean> {
      const isWanted = await store.want(id, 'pause')
      if (isWanted && running?.batch.id === id) stop('pause')
      return isWanted
    },

    /** Go on with it; says whether it was paused. */
    async resume(id: string): Promise<boolean> {
      const isWanted = await store.resume(id)
      if (isWanted) later(batches.tick())
      return isWanted
    },

    /**
     * How it stands, at once and each time that this has changed, until it has ended or nobody listens. Where the
     * server stops, whoever listens has to ask another one: a batch may wait for ever.
     */
    async *watch(id: string, signal: AbortSignal): AsyncGenerator<Batch> {
      let last = ''
      while (!signal.aborted) {
        const batch = await batches.find(id)
        if (!batch) return
        const { state, wanted, done, good } = batch
        const said = `${state} ${wanted} ${done} ${good}`
        if (said !== last) yield batch
        last = said
        if (hasEnded(batch)) return
        // Where nothing runs for long, whoever looks on keeps it going.
        if (slice) later(batches.tick())
        await pause(STEP_MS, signal, () => isStopped)
        if (isStopped) return
      }
    },

    /** Take on what waits; resolves when there is nothing to do any more, or nothing more for now. */
    async tick(): Promise<void> {
      if (isStopped || busyUntil > now()) return
      busyUntil = now() + LEASE_MS
      try {
        for (;;) {
          const batch = await store.claim(instance(), LEASE_MS)
          if (!batch) return
          await run(batch)
          if (slice || isStopped) return
        }
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      } finally {
        busyUntil = 0
      }
    },

    /** Begin nothing any more, and leave what runs to another instance: the server stops. */
    stop(): void {
      isStopped = true
      stop(undefined)
    },
  }
  return batches
}

export type Batches = ReturnType<typeof createBatches>

/** Wait, but not longer than until the signal aborts or something is over. */
async function pause(ms: number, signal: AbortSignal, isOver = () => false): Promise<void> {
  const until = ms / PIECES
  for (let piece = 0; piece < PIECES && !signal.aborted && !isOver(); piece++) await sleep(until)
}

const PIECES = 10
