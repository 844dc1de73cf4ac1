import type { Client } from '@libsql/client/web'
import { createReader } from './rows'
import { jobs } from './schema'
import type { Settings } from './settings'

/** The last or present run of a job. */
export type JobRow = typeof jobs.$inferSelect

type Switch = {
  readonly [K in keyof Settings]: Settings[K] extends boolean ? K : never
}[keyof Settings]

/** Every job: what it does, and the setting that switches it off. */
export const JOBS = {
  models: { does: "asks accounts' upstreams for their model lists", setting: 'model_refresh' },
  accounts: { does: 'asks again about accounts that were refused', setting: 'account_check' },
  cleaning: { does: 'removes what is older than the settings keep', setting: 'cleaning' },
  media: {
    does: 'removes pictures, videos and files beyond their limits, and what nobody refers to',
    setting: 'media_cleaning',
  },
  quota: { does: "asks what is left of sessions' quotas", setting: 'quota_refresh' },
} as const satisfies Record<string, { readonly does: string; readonly setting: Switch }>

export type JobName = keyof typeof JOBS

/** How a job stands: a run that its instance left without a word was interrupted. */
export type JobState = JobRow['state'] | 'interrupted'

/** How a job stands at a time. */
export const jobState = ({ state, expiresAt }: JobRow, now: number): JobState =>
  state === 'running' && expiresAt <= now ? 'interrupted' : state

/** What has brought down so many instances is not begun again by itself. */
const MOST_TRIES = 3

/** Somebody does what was wanted, or it is not to be tried again. */
export const isAtWork = (now: string): string =>
  `state = 'running' AND (expires_at > ${now} OR tries >= ${MOST_TRIES})`

interface Claim {
  readonly name: JobName
  readonly instance: string
  readonly leaseMs: number
  /** Not when another run began later than that, unless an operator asked for it. */
  readonly startedBefore: number
}

interface Step {
  readonly name: JobName
  readonly instance: string
  readonly done: number
  readonly total: number
  readonly note: string | null
}

/** Background work as instances and operators see it. */
export function createJobRows(client: Client, now: () => number) {
  const read = createReader(client, jobs)

  return {
    async all(): Promise<JobRow[]> {
      const rows = await read('ORDER BY name')
      // What somebody is at is wanted no more.
      return rows.map((row) => {
        const isDone = row.wanted === 'run' && jobState(row, now()) === 'running'
        return isDone ? { ...row, wanted: null } : row
      })
    },

    /**
     * Begin a run, unless another instance is at it, or was lately; says whether it was asked for. That
     * it was is kept until it is over: when this instance is gone another one begins it again.
     */
    async claim({
      name,
      instance,
      leaseMs,
      startedBefore,
    }: Claim): Promise<'asked' | 'due' | undefined> {
      const { rows } = await client.execute({
        sql: `INSERT INTO jobs (name, instance, state, done, total, started_at, expires_at)
          VALUES (?, ?, 'running', 0, 0, ?, ?)
          ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, state = 'running',
            done = 0, total = 0, note = NULL, wanted = iif(jobs.wanted = 'run', 'run', NULL),
            tries = iif(jobs.state = 'running', jobs.tries + 1, 1),
            started_at = excluded.started_at, finished_at = NULL, expires_at = excluded.expires_at
          WHERE (jobs.state <> 'running' OR jobs.expires_at <= excluded.started_at)
            AND (jobs.started_at <= ? OR jobs.wanted = 'run' AND NOT (jobs.state = 'running' AND jobs.tries >= ${MOST_TRIES}))
          RETURNING wanted`,
        args: [name, instance, now(), now() + leaseMs, startedBefore],
      })
      const [row] = rows
      return row && (row.wanted === 'run' ? 'asked' : 'due')
    },

    /** Tell how far a run is, which keeps it alive; says whether it is to go on. */
    async step({ name, instance, done, total, note }: Step, leaseMs: number): Promise<boolean> {
      const { rows } = await client.execute({
        sql: `UPDATE jobs SET done = ?, total = ?, note = ?, expires_at = ?
          WHERE name = ? AND instance = ? AND state = 'running' RETURNING wanted`,
        args: [done, total, note, now() + leaseMs, name, instance],
      })
      return rows.length > 0 && rows[0]?.wanted !== 'cancel'
    },

    async finish(state: JobRow['state'], { name, instance, done, total, note }: Step) {
      await client.execute({
        sql: `UPDATE jobs SET state = ?, done = ?, total = ?, note = ?, wanted = NULL, finished_at = ?
          WHERE name = ? AND instance = ? AND state = 'running'`,
        args: [state, done, total, note, now(), name, instance],
      })
    },

    /** What operators have asked for, and nobody has done yet. */
    async wanted(): Promise<readonly { readonly name: string; readonly wanted: string }[]> {
      const { rows } = await client.execute({
        sql: `SELECT name, wanted FROM jobs
          WHERE wanted IS NOT NULL AND NOT (wanted = 'run' AND ${isAtWork('?')})`,
        args: [now()],
      })
      return rows.map(({ name, wanted }) => ({ name: String(name), wanted: String(wanted) }))
    },

    /**
     * Ask for a run, or for the end of one; says whether there is something to do: a running job is
     * not begun again, and only a running one is cancelled.
     */
    async want(name: JobName, wanted: 'run' | 'cancel'): Promise<boolean> {
      const running = "jobs.state = 'running' AND jobs.expires_at > ?"
      const { rows } =
        wanted === 'cancel'
          ? await client.execute({
              sql: `UPDATE jobs SET wanted = 'cancel' WHERE name = ? AND ${running} RETURNING name`,
              args: [name, now()],
            })
          : await client.execute({
              sql: `INSERT INTO jobs (name, instance, state, done, total, wanted, started_at, expires_at)
                VALUES (?, '', 'done', 0, 0, 'run', 0, 0)
                ON CONFLICT (name) DO UPDATE SET wanted = 'run', tries = 0 WHERE NOT (${running})
                RETURNING name`,
              args: [name, now()],
            })
      return rows.length > 0
    },
  }
}

export type JobRows = ReturnType<typeof createJobRows>
