import { faultFields, type Log } from '../log'
import type { JobName, JobRows } from '../store/jobs'
import { jittered } from './jitter'

/** Tell how much of the work is done. To be called every 20 s at least: silence looks like a crash. */
export type Progress = (done: number, total: number, note?: string) => void

/** What every job does when its time has come. */
interface Work {
  readonly name: JobName
  /** Whether its setting is on; an operator may ask for it all the same. */
  readonly isOn: () => boolean
  /**
   * Do what is due, or everything when an operator asked. When the signal aborts it comes to an
   * end soon, at a place where nothing is half done.
   */
  readonly run: (signal: AbortSignal, progress: Progress, asked: boolean) => Promise<void>
}

/** Work of which every instance has its own. */
interface OwnWork extends Work {
  /** When something is due next, in milliseconds since 1970. */
  readonly dueAt: () => number
  /** Take what is due before the other instances do; says whether there is anything. */
  readonly reserve?: () => Promise<boolean>
  /** A little is due all the time: only runs that an operator asked for are shown, or in his way. */
  readonly isQuiet?: boolean
}

/** Work that one instance does for all. */
interface SharedWork extends Work {
  readonly everyMs: () => number
}

/** Work that one instance does for all, and that falls due by more than how long ago that was. */
interface DatedWork extends Work {
  /** When something fell due last: whoever began a run since then has done it. */
  readonly since: () => number
}

export type Job = OwnWork | SharedWork | DatedWork

interface JobsParts {
  readonly store: JobRows
  readonly now: () => number
  readonly random: () => number
  /** Names this instance to the others; asked when it is first needed. */
  readonly instance: () => string
  /** Over how long the first runs after a start are spread; 0 where nothing stays to wait. */
  readonly spreadMs: number
  readonly log: Log
}

/** A run that has said nothing for so long was interrupted. */
const LEASE_MS = 30_000
/** Progress is written so often at most. */
const WRITE_MS = 1_000
/** After a failure or a cancellation nothing begins by itself for so long. */
const PAUSE_MS = 600_000
/** Where another has done what fell due, or is at it, it is looked again whether that is so. */
const LOOK_AGAIN_MS = 300_000

interface Entry {
  readonly job: Job
  /** Undefined until the first look: Workers have neither clock nor chance before. */
  nextAt: number | undefined
  /** When this instance began its last run. */
  begunAt: number
  /** What fell due when another was found to have done it, or to be at it. */
  doneElsewhere: { readonly since: number; readonly until: number } | undefined
  /** Until when a run is taken to be alive: on Workers one may end without a word. */
  busyUntil: number
  abort: AbortController | undefined
}

/** Runs background work: when it is due, once at a time, visibly, and until somebody cancels it. */
export function createJobs(parts: JobsParts) {
  const { store, now, random, instance, spreadMs, log } = parts
  const entries = new Map<string, Entry>()
  let isStopped = false

  function isDue(entry: Entry): boolean {
    const { job } = entry
    entry.nextAt ??= 'dueAt' in job ? 0 : now() + random() * spreadMs
    if (!job.isOn() || entry.nextAt > now()) return false
    if ('since' in job) return isLeft(entry, job.since())
    return !('dueAt' in job) || job.dueAt() <= now()
  }

  /** Whether nobody is known to have done what fell due at a time. */
  function isLeft({ begunAt, doneElsewhere }: Entry, since: number): boolean {
    if (begunAt >= since) return false
    return !doneElsewhere || since > doneElsewhere.since || now() >= doneElsewhere.until
  }

  const pause = (entry: Entry) => {
    entry.nextAt = Math.max(entry.nextAt ?? 0, now() + PAUSE_MS)
  }

  /** Begin a run before all others; without a database every instance is alone. */
  async function claim(job: Job, startedBefore: number): Promise<'asked' | 'due' | undefined> {
    const wanted = { name: job.name, instance: instance(), leaseMs: LEASE_MS, startedBefore }
    try {
      return await store.claim(wanted)
    } catch (cause) {
      log.warn('database_unreachable', faultFields(cause))
      return
    }
  }

  async function start(entry: Entry, isWanted: boolean): Promise<void> {
    const { job } = entry
    const at = now()
    entry.busyUntil = at + LEASE_MS
    if (!isWanted && 'reserve' in job && !(await job.reserve?.())) {
      entry.busyUntil = 0
      return
    }
    const everyMs = 'everyMs' in job ? job.everyMs() : undefined
    const startedBefore = lastStart(job, at)
    const isUnseen = 'isQuiet' in job && job.isQuiet === true && !isWanted
    const claimed = isUnseen ? undefined : await claim(job, startedBefore)
    const isClaimed = claimed !== undefined
    if (everyMs !== undefined)
      entry.nextAt = now() + jittered(isClaimed ? everyMs : everyMs / 10, random)
    if (isClaimed) entry.begunAt = at
    if ('since' in job && !isClaimed)
      entry.doneElsewhere = {
        since: startedBefore + 1,
        until: at + jittered(LOOK_AGAIN_MS, random),
      }
    if (isClaimed || ('dueAt' in job && !isWanted))
      await work(entry, claimed === 'asked', isClaimed)
    entry.busyUntil = 0
  }

  async function work(entry: Entry, asked: boolean, isClaimed: boolean): Promise<void> {
    const { name, run } = entry.job
    const abort = new AbortController()
    entry.abort = abort
    let step = { name, instance: instance(), done: 0, total: 0, note: null as string | null }
    let writtenAt = now()
    let writing: Promise<void> = Promise.resolve()

    const progress: Progress = (done, total, note) => {
      step = { ...step, done, total, note: note ?? null }
      entry.busyUntil = now() + LEASE_MS
      if (!isClaimed || now() - writtenAt < WRITE_MS) return
      writtenAt = now()
      writing = writing.then(write)
    }
    const write = async () => {
      try {
        if (!(await store.step(step, LEASE_MS))) abort.abort()
      } catch {
        // What is not seen this second is seen the next.
      }
    }
    const finish = async (state: 'done' | 'failed' | 'cancelled') => {
      await writing
      if (isClaimed)
        await store
          .finish(state, step)
          .catch((cause) => log.warn('database_unreachable', faultFields(cause)))
    }

    try {
      await run(abort.signal, progress, asked)
      if (abort.signal.aborted) pause(entry)
      await finish(abort.signal.aborted ? 'cancelled' : 'done')
      log.debug('job', { name, done: step.done, total: step.total })
    } catch (cause) {
      const { error } = faultFields(cause)
      step = { ...step, note: String(error).slice(0, 500) }
      pause(entry)
      log.error('job_failed', { name, ...faultFields(cause) })
      await finish('failed')
    } finally {
      entry.abort = undefined
    }
  }

  /** What operators want; without a database nobody wants anything. */
  async function wishes(): Promise<ReadonlyMap<string, string>> {
    try {
      return new Map((await store.wanted()).map(({ name, wanted }) => [name, wanted]))
    } catch {
      return new Map()
    }
  }

  return {
    /** Take a job on. */
    add(job: Job): void {
      entries.set(job.name, { job, ...UNBEGUN })
    },

    /**
     * Do what is due and what operators ask for; resolves when what it began is done.
     *
     * @param isOpen whether an operator may want something; false where it is known that none does
     */
    async tick(isOpen = true): Promise<void> {
      if (isStopped) return
      const wanted = isOpen ? await wishes() : NO_WISHES
      const started: Promise<void>[] = []
      for (const [name, entry] of entries) {
        const wish = wanted.get(name)
        if (wish === 'cancel') entry.abort?.abort()
        if (entry.busyUntil > now()) continue
        const asked = wish === 'run'
        if (asked || isDue(entry)) started.push(start(entry, asked))
      }
      await Promise.all(started)
    },

    /** Begin nothing any more, and have what runs come to an end: the server stops. */
    stop(): void {
      isStopped = true
      for (const { abort } of entries.values()) abort?.abort()
    },
  }
}

const NO_WISHES: ReadonlyMap<string, string> = new Map()

const UNBEGUN = {
  nextAt: undefined,
  begunAt: Number.NEGATIVE_INFINITY,
  doneElsewhere: undefined,
  busyUntil: 0,
  abort: undefined,
}

/** Up to when a run may have begun that another one is to follow now. */
function lastStart(job: Job, at: number): number {
  if ('since' in job) return job.since() - 1
  // Instances that look a little early or late still see that the last run was not long ago.
  return 'everyMs' in job ? at - job.everyMs() * 0.8 : at
}

export type JobsRunner = ReturnType<typeof createJobs>
