import type { Client } from '@libsql/client/web'
import { isAtWork } from './jobs'

/** Up to where the rows of a table are known that grows at its end, by when they were written. */
export interface Horizon {
  /** From when on rows may come that are not known. */
  readonly since: () => number
  /** Take note of rows that were read, from `since` on. */
  readonly seen: (times: readonly number[], at: number) => void
  /** Whether a pulse tells of rows that are not known. */
  readonly isPassed: (said: Print) => boolean
  /** Leave behind what need not be counted again, if a pulse that was asked then tells of nothing new. */
  readonly follow: (said: Print, at: number) => void
}

/** What there is of a table from a time on, in short. */
export interface Print {
  readonly since: number
  readonly text: string
}

/** So many rows are counted at each look, for what may come very late. */
const FEW = 100

/**
 * A horizon: rows come a little late and by clocks that differ, so that it stays some time behind, and knows
 * what lies beyond by how many rows that are and when they were written.
 */
export function createHorizon(overlapMs: number): Horizon {
  let since = 0
  let beyond: readonly number[] = []
  let text = ''

  function move(times: readonly number[], at: number) {
    since = at - overlapMs
    beyond = times.filter((time) => time >= since)
    text = `${beyond.length} ${beyond.reduce((sum, time) => sum + time - since, 0)}`
  }

  return {
    since: () => since,
    seen: move,
    // What was asked about before rows were read anew tells nothing.
    isPassed: (said) => said.since === since && said.text !== text,
    follow(said, at) {
      if (beyond.length > FEW && said.since === since && said.text === text) move(beyond, at)
    },
  }
}

interface PulseAsk {
  readonly now: number
  readonly statesSince: number
  readonly quotasSince: number
  readonly listsSince: number
  /** The name of the instance that asks. */
  readonly instance: string
}

/** What of a database may have to be looked at. */
export interface Pulse {
  readonly revision: number
  /** Of what is held against accounts, of their quotas and of their model lists. */
  readonly states: Print
  readonly quotas: Print
  readonly lists: Print
  /** Whether an operator wants something of a job, or one was interrupted. */
  readonly isJobOpen: boolean
  /** Whether background turns, videos or work on many things wait for somebody. */
  readonly isTurnLeft: boolean
  readonly isVideoLeft: boolean
  readonly isBatchLeft: boolean
  /** Whether a background turn of whoever asks was cancelled at another instance. */
  readonly isTurnCancelled: boolean
}

const printOf = (table: string, time: string, since: string) =>
  `(SELECT count(*) || ' ' || coalesce(sum(${time} - CAST(${since} AS INTEGER)), 0)
    FROM ${table} WHERE ${time} >= ${since})`

/** One statement, and each part of it finds what it looks for by an index. */
const PULSE = `SELECT
  (SELECT value FROM settings WHERE name = 'revision') AS revision,
  ${printOf('account_states', 'updated_at', '?2')} AS states,
  ${printOf('account_quotas', 'updated_at', '?3')} AS quotas,
  ${printOf('model_lists', 'fetched_at', '?4')} AS lists,
  EXISTS (SELECT 1 FROM jobs WHERE wanted IS NOT NULL
    AND NOT (wanted = 'run' AND ${isAtWork('?1')})) AS jobs,
  EXISTS (SELECT 1 FROM background_turns WHERE expires_at <= ?1) AS turns,
  EXISTS (SELECT 1 FROM videos WHERE status IN ('queued', 'in_progress')
    AND lease_until <= ?1 AND expires_at > ?1) AS videos,
  (SELECT state = 'waiting' OR expires_at <= ?1 FROM batches
    WHERE state IN ('waiting', 'running') ORDER BY created_at, id LIMIT 1) AS batches,
  EXISTS (SELECT 1 FROM background_turns WHERE cancelled = 1 AND instance = ?5) AS cancelled`

/** Tells by one question what has changed in a database: instances ask it all the time. */
export const createPulse =
  (client: Client) =>
  async ({ now, statesSince, quotasSince, listsSince, instance }: PulseAsk): Promise<Pulse> => {
    const args = [now, statesSince, quotasSince, listsSince, instance]
    const row = (await client.execute({ sql: PULSE, args })).rows[0]
    return {
      revision: Number(row?.revision ?? 0),
      states: { since: statesSince, text: String(row?.states) },
      quotas: { since: quotasSince, text: String(row?.quotas) },
      lists: { since: listsSince, text: String(row?.lists) },
      isJobOpen: row?.jobs === 1,
      isTurnLeft: row?.turns === 1,
      isVideoLeft: row?.videos === 1,
      isBatchLeft: row?.batches === 1,
      isTurnCancelled: row?.cancelled === 1,
    }
  }
