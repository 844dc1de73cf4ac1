import type { Client, InValue } from '@libsql/client/web'
import { requestTime } from '../crypto'
import { sleep } from '../sleep'
import { gathered } from './gather'
import { ENDS, FIRST_SINCE } from './ledger-ids'
import type { LedgerRow } from './ledger-row'
import { ledger } from './ledger-schema'
import { createReader } from './rows'

/** Which turns are looked for; what is absent does not matter. */
export interface TurnFilter {
  readonly requestId?: string | undefined
  readonly outcomes?: readonly LedgerRow['outcome'][] | undefined
  /** A status, or the first and the last of several. */
  readonly status?: readonly [first: number, last: number] | undefined
  readonly endpoint?: string | undefined
  /** As it was asked for, or as the upstream was asked. */
  readonly model?: string | undefined
  readonly keyId?: string | undefined
  /** Also where it only tried. */
  readonly accountId?: string | undefined
  readonly kind?: string | undefined
  /** Of the turn, or of one of its attempts. */
  readonly errorCode?: string | undefined
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/** A part of the ledger, the newest first. */
export interface TurnPage {
  readonly rows: readonly LedgerRow[]
  /** Where to go on: below this id. Undefined where nothing is left. */
  readonly next: number | undefined
  /** How far was looked, in milliseconds since 1970, where that was far and there may be more behind. */
  readonly lookedUntil: number | undefined
}

/** Between which ids something is looked for, both included. */
interface Span {
  readonly first: number
  readonly last: number
}

/** Rows that one question looks at, at most: there is no index but the id. */
export const LOOKED_AT = 100_000
/** Rows follow each other in time but for turns that took long and those that waited for the database. */
const DISORDER_MS = 3_600_000
/** Rows of one part of an export, and of one step of a removal. */
const PART = 500
const REMOVED_AT_ONCE = 5_000
/** Several rows of one request, as of pictures that are made by several calls, are near each other. */
const NEIGHBOURS = 2_000

/**
 * Finds turns among a million without an index: every question looks at a bounded number of rows,
 * and between two of them others have their turn: a file answers at once, without letting go.
 */
export function createLedgerSearch(client: Client) {
  const asker = gathered(client)
  const read = createReader(client, ledger, asker)

  async function numbers(sql: string, args: InValue[] = []): Promise<readonly number[]> {
    const { rows, columns } = await asker.execute({ sql, args })
    return columns.map((_, at) => Number(rows[0]?.[at] ?? Number.NaN))
  }

  const firstSince = async (time: number) => (await numbers(FIRST_SINCE, [time]))[0] ?? Number.NaN

  /** The ids that a filter's times and their disorder leave; undefined in an empty ledger. */
  async function spanOf({ since, until }: TurnFilter): Promise<Span | undefined> {
    const [[first = Number.NaN, last = Number.NaN], from, to] = await Promise.all([
      numbers(ENDS),
      since === undefined ? undefined : firstSince(since - DISORDER_MS),
      until === undefined ? undefined : firstSince(until + DISORDER_MS),
    ])
    if (Number.isNaN(first)) return
    return { first: Math.max(first, from ?? first), last: Math.min(last, to ?? last) }
  }

  function select(filter: TurnFilter, { first, last }: Span, most: number): Promise<LedgerRow[]> {
    const { conditions, args } = where(filter)
    return read(
      `WHERE ${['id BETWEEN ? AND ?', ...conditions].join(' AND ')} ORDER BY id DESC LIMIT ?`,
      [first, last, ...args, most],
    )
  }

  /** When the row at an id, or the next one, began. */
  const timeAt = async (id: number): Promise<number> =>
    (await numbers('SELECT at FROM ledger WHERE id >= ? ORDER BY id LIMIT 1', [id]))[0] ?? 0

  async function page(filter: TurnFilter, most: number, before?: number): Promise<TurnPage> {
    const span = await spanOf(filter)
    const last = Math.min(span?.last ?? -1, (before ?? Number.POSITIVE_INFINITY) - 1)
    if (!span || last < span.first) return EMPTY
    const first = Math.max(span.first, last - LOOKED_AT + 1)
    const [rows, lookedUntil] = await Promise.all([
      select(filter, { first, last }, most + 1),
      timeAt(first),
    ])
    if (rows.length > most) {
      const shown = rows.slice(0, most)
      return { rows: shown, next: shown.at(-1)?.id, lookedUntil: undefined }
    }
    return first > span.first ? { rows, next: first, lookedUntil } : { ...EMPTY, rows }
  }

  async function* parts(filter: TurnFilter): AsyncGenerator<readonly LedgerRow[]> {
    const span = await spanOf(filter)
    let last = span?.last ?? -1
    while (span && last >= span.first) {
      const first = Math.max(span.first, last - LOOKED_AT + 1)
      const rows = await select(filter, { first, last }, PART)
      if (rows.length > 0) yield rows
      await sleep(0)
      last = rows.length === PART ? (rows.at(-1)?.id ?? first) - 1 : first - 1
    }
  }

  /**
   * The id of a row of a request, found by the time in the request's id. An id from before ids had a time
   * seems to be of another age: for it all rows are looked at.
   */
  async function idOf(requestId: string): Promise<number | undefined> {
    const time = requestTime(requestId) ?? 0
    const [[first = Number.NaN, last = Number.NaN], from, to, begun = 0, ended = 0] =
      await Promise.all([
        numbers(ENDS),
        firstSince(time - DISORDER_MS / 4),
        firstSince(time + DISORDER_MS),
        timeAt(0),
        newestAt(),
      ])
    if (Number.isNaN(first)) return
    if (time < begun - DISORDER_MS || time > ended + DISORDER_MS)
      return within(requestId, first, last)
    return within(requestId, Math.max(from, first), Math.min(last, Math.max(to, from + LOOKED_AT)))
  }

  const newestAt = async () =>
    (await numbers('SELECT at FROM ledger WHERE id = (SELECT max(id) FROM ledger)'))[0]

  async function within(requestId: string, first: number, last: number) {
    for (let from = first; from <= last; from += LOOKED_AT) {
      const sql = 'SELECT id FROM ledger WHERE id BETWEEN ? AND ? AND request_id = ? LIMIT 1'
      const to = Math.min(last, from + LOOKED_AT - 1)
      const [id = Number.NaN] = await numbers(sql, [from, to, requestId])
      if (!Number.isNaN(id)) return id
      await sleep(0)
    }
    return undefined
  }

  return {
    /** The turns that fit, the newest first, below an id. */
    page,

    /** The turns that fit and are newer than a row, the newest first. */
    async newer(filter: TurnFilter, than: number, most: number): Promise<readonly LedgerRow[]> {
      const [first = Number.NaN, last = Number.NaN] = await numbers(ENDS)
      if (Number.isNaN(first)) return []
      // A ledger that was emptied begins anew.
      const from = last < than ? first : Math.max(than + 1, last - LOOKED_AT)
      return select(filter, { first: from, last }, most)
    },

    /** The id of the newest row; 0 in an empty ledger. */
    newest: async (): Promise<number> => {
      const [, last = Number.NaN] = await numbers(ENDS)
      return Number.isNaN(last) ? 0 : last
    },

    /** All turns that fit, in parts, the newest first. */
    parts,

    /** What is written of a request: one row, or one for each of several calls. */
    async rowsOf(requestId: string): Promise<readonly LedgerRow[]> {
      const id = await idOf(requestId)
      if (id === undefined) return []
      return select({ requestId }, { first: id - NEIGHBOURS, last: id + NEIGHBOURS }, NEIGHBOURS)
    },

    /** Remove what began before a time, and what was kept of it; all of it without a time. */
    async remove(before?: number): Promise<number> {
      if (before === undefined) {
        const removed = await client.batch(
          ['DELETE FROM ledger', 'DELETE FROM ledger_content'],
          'write',
        )
        return removed[0]?.rowsAffected ?? 0
      }
      const [first = Number.NaN] = await numbers(ENDS)
      const end = await firstSince(before + DISORDER_MS)
      let removed = 0
      for (let from = first; from <= end; from += REMOVED_AT_ONCE) {
        const args = [from, Math.min(end, from + REMOVED_AT_ONCE - 1), before]
        const sql = 'DELETE FROM ledger WHERE id BETWEEN ? AND ? AND at < ?'
        removed += (await client.execute({ sql, args })).rowsAffected
        await sleep(0)
      }
      for (;;) {
        const { rowsAffected } = await client.execute({ sql: FORGET, args: [before, CONTENTS] })
        if (rowsAffected < CONTENTS) return removed
      }
    },
  }
}

const EMPTY: TurnPage = { rows: [], next: undefined, lookedUntil: undefined }

/** Contents are large. */
const CONTENTS = 50
const FORGET = `DELETE FROM ledger_content WHERE rowid IN (
  SELECT rowid FROM ledger_content WHERE at < ? LIMIT ?)`

function where(filter: TurnFilter): { conditions: string[]; args: InValue[] } {
  const conditions: string[] = []
  const args: InValue[] = []
  const need = (sql: string, ...values: InValue[]) => {
    conditions.push(sql)
    args.push(...values)
  }
  const { since, until, requestId, outcomes, status, endpoint, model, kind } = filter
  const { keyId, accountId, errorCode } = filter
  if (since !== undefined) need('at >= ?', since)
  if (until !== undefined) need('at <= ?', until)
  if (requestId !== undefined) need('request_id = ?', requestId)
  if (outcomes) need(`outcome IN (${outcomes.map(() => '?').join(', ')})`, ...outcomes)
  if (status) need('status BETWEEN ? AND ?', ...status)
  if (endpoint !== undefined) need('endpoint = ?', endpoint)
  if (model !== undefined) need('(model = ? OR model_used = ?)', model, model)
  if (kind !== undefined) need('kind = ?', kind)
  if (keyId !== undefined) need('key_id = ?', keyId)
  if (accountId !== undefined)
    need('(account_id = ? OR instr(attempt_log, ?))', accountId, member('account', accountId))
  if (errorCode !== undefined)
    need('(error_code = ? OR instr(attempt_log, ?))', errorCode, member('code', errorCode))
  return { conditions, args }
}

/** How a member stands in the text of an attempt. */
const member = (name: string, value: string): string =>
  JSON.stringify({ [name]: value }).slice(1, -1)
