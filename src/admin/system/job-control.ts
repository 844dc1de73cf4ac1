import { ApiError } from '../../errors'
import { JOBS, type JobName, type JobState, jobState } from '../../store/jobs'
import type { Settings } from '../../store/settings'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'

/** A job as operators see it. */
export interface ShownJob {
  readonly name: JobName
  readonly does: string
  /** The setting that switches it off. */
  readonly setting: keyof Settings
  readonly isOn: boolean
  /** Undefined until it has run. */
  readonly state: JobState | undefined
  /** What somebody has asked for, and nobody has done yet. */
  readonly wanted: 'run' | 'cancel' | null
  readonly done: number
  readonly total: number
  readonly note: string | null
  readonly instance: string | undefined
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
}

const NAMES = Object.keys(JOBS) as JobName[]

/** Shows the background work, and begins and ends it. */
export function createJobControl({ stores, jobs, settings, audit, now, later }: AdminParts) {
  async function list(): Promise<ShownJob[]> {
    const rows = new Map((await stores.jobs.all()).map((row) => [row.name, row]))
    return NAMES.map((name) => {
      const { does, setting } = JOBS[name]
      const row = rows.get(name)
      // A row without a beginning only holds a wish.
      const run = row?.startedAt ? row : undefined
      return {
        ...{ name, does, setting, isOn: settings()[setting] },
        state: run && jobState(run, now()),
        wanted: row?.wanted ?? null,
        done: run?.done ?? 0,
        total: run?.total ?? 0,
        note: run?.note ?? null,
        instance: run?.instance,
        startedAt: run?.startedAt,
        finishedAt: run?.finishedAt ?? undefined,
      }
    })
  }

  return {
    list,

    /** @throws ApiError `not_found`; `already_running` where there is nothing to begin or to end */
    async want(operator: Operator, given: string, wanted: 'run' | 'cancel'): Promise<ShownJob[]> {
      const name = NAMES.find((known) => known === given)
      if (!name) throw new ApiError('not_found', `There is no job "${given}": ${NAMES.join(', ')}.`)
      if (!(await stores.jobs.want(name, wanted)))
        throw new ApiError(
          'job_state',
          wanted === 'run' ? `${name} is running already.` : `${name} is not running.`,
        )
      await audit(operator, { action: `job.${wanted}`, subject: name })
      const listed = await list()
      later(jobs.tick())
      return listed
    },
  }
}
