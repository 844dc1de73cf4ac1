import { messageOf } from '../errors'
import { sleep } from '../sleep'
import { type BatchRow, PART } from '../store/batches'
import { createPlaces, type PlacedItem, type Problem } from './batch-places'
import type { BatchProgress } from './batch-progress'

/** One of the things that a batch is done to. */
export interface Subject {
  readonly id: string
  readonly name: string
  readonly place: string
  /** Ask about it; what it throws is a problem like any other. */
  readonly run: (signal: AbortSignal) => Promise<Problem | undefined>
}

/** How much is done at a stretch where nothing may run for long. */
export interface Slice {
  readonly items: number
  readonly ms: number
}

interface RunParts {
  readonly batch: BatchRow
  readonly progress: BatchProgress
  readonly subjectsOf: (part: number) => Promise<readonly string[]>
  readonly find: (ids: readonly string[]) => Promise<ReadonlyMap<string, Subject>>
  readonly now: () => number
  readonly random: () => number
  readonly slice: Slice | undefined
  readonly signal: AbortSignal
}

interface Item extends PlacedItem {
  readonly subject: Subject
}

/** Things that are asked about at once, wherever. */
const MANY = 16
/** What is to come is read ahead of the work. */
const LEAST_WAITING = 200
/** Work does not run further ahead of something slow: whoever takes over has to know it all. */
const MOST_AHEAD = 5_000
/** Calls do not all leave in the same moment. */
const SPREAD_MS = 200
const LONGEST_WAIT_MS = 1_000
/** What is to come is not there yet: it is looked again so soon. */
const LOOK_MS = 50
/** A database that is away for a moment is no reason to give up. */
const READ_TRIES = 5

/** Do to all things of a batch what is to be done, or as much as fits into a slice of time. */
export async function runBatch(parts: RunParts): Promise<void> {
  const { batch, progress, now, random, slice, signal } = parts
  const places = createPlaces<Item>(now, random)
  const begunAt = now()
  let begun = 0
  let failure: { readonly cause: unknown } | undefined
  let part = Math.floor(progress.first() / PART)
  let reading: Promise<void> | undefined

  const isOver = () =>
    signal.aborted ||
    failure !== undefined ||
    (slice !== undefined && (begun >= slice.items || now() - begunAt >= slice.ms))

  async function read(): Promise<void> {
    const from = part * PART
    const ids = await parts.subjectsOf(part)
    const wanted = ids.flatMap((id, at) =>
      progress.isDone(from + at) ? [] : ([[id, from + at]] as const),
    )
    const found = await parts.find(wanted.map(([id]) => id))
    for (const [id, position] of wanted) {
      const subject = found.get(id)
      if (subject) places.add({ subject, position, place: subject.place })
      else progress.note(position, { id, name: id, reason: GONE, code: 'gone' })
    }
    part++
  }

  async function readPatiently(): Promise<void> {
    for (let tried = 1; ; tried++)
      try {
        return await read()
      } catch (cause) {
        if (tried === READ_TRIES || signal.aborted) throw cause
        await sleep(tried * LONGEST_WAIT_MS)
      }
  }

  /** Whoever finds too little waiting reads on, and the others wait for that. */
  async function readOn(): Promise<void> {
    while (places.waiting() < LEAST_WAITING && part * PART < batch.total && !isOver()) {
      if (part * PART - progress.first() > MOST_AHEAD) return
      reading ??= readPatiently().finally(() => {
        reading = undefined
      })
      await reading
    }
  }

  async function ask(item: Item): Promise<Problem | undefined> {
    const barred = places.barred(item)
    if (barred !== undefined) return { reason: barred, code: 'barred', isOfPlace: true }
    try {
      return await item.subject.run(signal)
    } catch (cause) {
      return { reason: messageOf(cause) }
    }
  }

  async function work(): Promise<void> {
    await sleep(random() * SPREAD_MS)
    while (!isOver()) {
      await readOn()
      if (isOver()) return
      const next = places.next()
      if (!next && part * PART >= batch.total) return
      if (!next) {
        await sleep(LOOK_MS)
        continue
      }
      if ('waitMs' in next) {
        await sleep(Math.min(next.waitMs, LONGEST_WAIT_MS))
        continue
      }
      begun++
      const problem = await ask(next.item)
      const isAgain = places.settle(next, problem)
      // What was interrupted is not done.
      if (isAgain || signal.aborted) continue
      const { position, subject } = next.item
      const { id, name } = subject
      progress.note(position, problem && { id, name, reason: problem.reason, code: problem.code })
    }
  }

  const workers = Array.from({ length: MANY }, () =>
    work().catch((cause) => {
      failure ??= { cause }
    }),
  )
  await Promise.all(workers)
  if (failure) throw failure.cause
}

const GONE = 'It is not there any more.'
