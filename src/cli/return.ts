import type { App } from '../app'
import { SetupError } from '../errors'
import type { Log } from '../log'
import { isOutage } from '../store/fault'
import type { Away } from './remote-state'

interface ReturnParts {
  readonly away: Away
  readonly app: Pick<App, 'recall' | 'refresh'>
  readonly log: Log
  /** When it is back: what only a database can do. */
  readonly onReturn: () => Promise<void>
}

/** How often it is looked whether the database is back. */
const LOOK_MS = 1_000
/** The same where it is there, and is not ours: somebody has to mend that first. */
const MENDED_MS = 10_000

/** Begin with what was kept of the database; ends when the database is back, or with the signal. */
export async function beginWithout({ away, app, log }: Omit<ReturnParts, 'onReturn'>) {
  await app.recall(away.kept, away.at)
  log.warn('started_without_database', {
    error: away.fault,
    snapshot: away.path,
    age_seconds: Math.max(0, Math.round((Date.now() - away.at) / 1000)),
    note: 'Turns go by the snapshot. What is stored for clients, the admin page and changes wait for the database.',
  })
}

/** Wait for the database, and go on with it from then on. */
export async function awaitReturn(parts: ReturnParts, signal: AbortSignal): Promise<void> {
  const { away, app, log, onReturn } = parts
  while (!signal.aborted) {
    let waitMs = LOOK_MS
    try {
      const applied = await away.back()
      if (applied) {
        for (const migration of applied) log.info('migrated', { migration })
        await app.refresh()
        await onReturn()
        return
      }
    } catch (problem) {
      if (isOutage(problem)) {
        // It went away again meanwhile.
        await Bun.sleep(LOOK_MS)
        continue
      }
      if (!(problem instanceof SetupError)) throw problem
      log.error('setup', {
        problem: problem.message,
        remedy: problem.remedy,
        note: 'The database is neither read nor written until then; turns go by the snapshot.',
      })
      waitMs = MENDED_MS
    }
    await Bun.sleep(waitMs)
  }
}
