import type { Client, InValue } from '@libsql/client/web'
import { type BatchProblem, batches, batchSubjects } from './admin-schema'
import { createReader, insertsOf } from './rows'

export type { BatchProblem }

/** How work on many things stands. */
export type BatchRow = typeof batches.$inferSelect

/** What is to be done to which things, and who wants it. */
export interface NewBatch extends Pick<BatchRow, 'id' | 'kind' | 'actor'> {
  readonly subjects: readonly string[]
}

/** How far an instance is. */
export type BatchStep = Pick<BatchRow, 'id' | 'done' | 'ahead' | 'good' | 'problems'> & {
  readonly instance: string
}

/** Where a list of batches goes on: behind this one. */
export type BatchPlace = Pick<BatchRow, 'id' | 'createdAt'>

/** So many ids are kept, and read, in a row. */
export const PART = 1_000

/** Another instance is at it. */
const ALIVE = "state = 'running' AND expires_at > ?"
/** Once it has come to its end nobody needs to know any more what it was done to. */
const FORGET = `DELETE FROM batch_subjects WHERE batch_id = ?
  AND EXISTS (SELECT 1 FROM batches WHERE id = batch_id AND state IN ('done', 'cancelled'))`

/** Work on many things, as operators and instances see it. */
export function createBatchRows(client: Client, now: () => number) {
  const read = createReader(client, batches, client)
  const readParts = createReader(client, batchSubjects, client)

  return {
    async add({ id, kind, actor, subjects }: NewBatch): Promise<BatchRow> {
      const row: BatchRow = {
        ...{ id, kind, actor, state: 'waiting', wanted: null, total: subjects.length },
        ...{ done: 0, ahead: [], good: 0, problems: [], instance: null },
        ...{ createdAt: now(), finishedAt: null, expiresAt: null },
      }
      const parts = Array.from({ length: Math.ceil(subjects.length / PART) }, (_, part) => ({
        ...{ batchId: id, part, ids: subjects.slice(part * PART, (part + 1) * PART) },
      }))
      const statements = [...insertsOf(batches, [row], ''), ...insertsOf(batchSubjects, parts, '')]
      await client.batch(statements, 'write')
      return row
    },

    async find(id: string): Promise<BatchRow | undefined> {
      const [row] = await read('WHERE id = ?', [id])
      return row
    },

    /** The newest first. */
    list(limit: number, behind?: BatchPlace): Promise<BatchRow[]> {
      const order = 'ORDER BY created_at DESC, id DESC LIMIT ?'
      if (!behind) return read(order, [limit])
      const { createdAt, id } = behind
      return read(`WHERE (created_at, id) < (?, ?) ${order}`, [createdAt, id, limit])
    },

    /** Ids of what a batch is done to, `PART` at a time. */
    async subjects(batchId: string, part: number): Promise<readonly string[]> {
      const [row] = await readParts('WHERE batch_id = ? AND part = ?', [batchId, part])
      return row?.ids ?? []
    },

    /**
     * Take on what waits longest, or what its instance has left without a word. While another instance
     * is at one, the others wait.
     */
    async claim(instance: string, leaseMs: number): Promise<BatchRow | undefined> {
      const [first] = await read(
        "WHERE state IN ('waiting', 'running') ORDER BY created_at, id LIMIT 1",
      )
      if (!first || (first.state === 'running' && (first.expiresAt ?? 0) > now())) return
      const { rows } = await client.execute({
        sql: `UPDATE batches SET state = 'running', instance = ?, expires_at = ?
          WHERE id = ? AND (state = 'waiting' OR (state = 'running' AND expires_at <= ?))
          RETURNING id`,
        args: [instance, now() + leaseMs, first.id, now()],
      })
      return rows.length > 0 ? this.find(first.id) : undefined
    },

    /** Tell how far it is, which keeps it ours; says what is to become of it. */
    async step(step: BatchStep, leaseMs: number): Promise<'go on' | 'pause' | 'cancel' | 'lost'> {
      const { rows } = await client.execute({
        sql: `UPDATE batches SET ${PROGRESS}, expires_at = ? WHERE ${OURS} RETURNING wanted`,
        args: [...progressOf(step), now() + leaseMs, step.id, step.instance],
      })
      const [row] = rows
      if (!row) return 'lost'
      return row.wanted === 'pause' || row.wanted === 'cancel' ? row.wanted : 'go on'
    },

    /** Let go of it: it has ended, is paused, or waits for whoever takes it on. */
    async leave(step: BatchStep, state: BatchRow['state']): Promise<void> {
      const isOver = state === 'done' || state === 'failed' || state === 'cancelled'
      const leave = `UPDATE batches SET ${PROGRESS}, state = ?, finished_at = ?, wanted = NULL,
        instance = NULL, expires_at = NULL WHERE ${OURS}`
      const over = isOver ? now() : null
      await client.batch(
        [
          { sql: leave, args: [...progressOf(step), state, over, step.id, step.instance] },
          { sql: FORGET, args: [step.id] },
        ],
        'write',
      )
    },

    /**
     * Ask for a pause or for the end. Whoever is at it follows within seconds; where nobody is, it
     * is so at once.
     *
     * @returns whether there was something to stop
     */
    async want(id: string, wanted: 'pause' | 'cancel'): Promise<boolean> {
      const [state, from] =
        wanted === 'pause'
          ? ['paused', "('waiting', 'running')"]
          : ['cancelled', "('waiting', 'running', 'paused')"]
      const [changed] = await client.batch(
        [
          {
            sql: `UPDATE batches SET
                wanted = CASE WHEN ${ALIVE} THEN ? END,
                finished_at = CASE WHEN ${ALIVE} OR ? = 'paused' THEN NULL ELSE ? END,
                state = CASE WHEN ${ALIVE} THEN state ELSE ? END
              WHERE id = ? AND state IN ${from} RETURNING id`,
            args: [now(), wanted, now(), state, now(), now(), state, id],
          },
          { sql: FORGET, args: [id] },
        ],
        'write',
      )
      return (changed?.rows.length ?? 0) > 0
    },

    /** Go on with what was paused or has failed, or was about to be paused; says whether it was. */
    async resume(id: string): Promise<boolean> {
      const { rows } = await client.execute({
        sql: `UPDATE batches SET wanted = NULL, finished_at = NULL,
            state = CASE state WHEN 'running' THEN state ELSE 'waiting' END
          WHERE id = ? AND (state IN ('paused', 'failed') OR (state = 'running' AND wanted = 'pause'))
          RETURNING id`,
        args: [id],
      })
      return rows.length > 0
    },
  }
}

export type BatchRows = ReturnType<typeof createBatchRows>

const PROGRESS = 'done = ?, ahead = ?, good = ?, problems = ?'
const OURS = "id = ? AND instance = ? AND state = 'running'"

const progressOf = ({ done, ahead, good, problems }: BatchStep): InValue[] => [
  done,
  JSON.stringify(ahead),
  good,
  JSON.stringify(problems),
]
