import type { Client, InStatement } from '@libsql/client/web'
import { SetupError } from '../errors'
import type { Patient } from './patient'

/** What a database says of itself that is being made a copy. */
export interface CopyMark {
  /** Which run writes: one that has been overtaken must not go on. */
  readonly run: string
  /** Tells the source from all other databases. */
  readonly source: string
  /** What its operator calls the source. */
  readonly from: string
  /** Milliseconds since 1970. */
  readonly begunAt: number
}

/** The mark of a copy that is not done, among the settings. It belongs to its database alone. */
export const COPY_MARK = 'copy'

/** No row of a source has it, so that nothing takes the place of the mark. */
const ROWID = -1

const READ = `SELECT value FROM settings WHERE name = '${COPY_MARK}'`
const BEGIN = `INSERT INTO settings (rowid, name, value) SELECT ${ROWID}, '${COPY_MARK}', ?
  WHERE NOT EXISTS (SELECT 1 FROM settings)`
const GO_ON = `UPDATE settings SET value = ? WHERE name = '${COPY_MARK}' AND value = ?`
const END = `DELETE FROM settings WHERE name = '${COPY_MARK}' AND value = ?`

/** The mark of a copy that was begun and is not done; undefined where there is none. */
export async function readCopyMark(client: Pick<Client, 'execute'>): Promise<CopyMark | undefined> {
  const { rows } = await client.execute(READ)
  const value = rows[0]?.value
  return value === undefined ? undefined : (JSON.parse(String(value)) as CopyMark)
}

/**
 * What has been copied in part is not to be used: much of it is missing.
 *
 * @throws SetupError that says how to finish it
 */
export async function refuseHalfCopy(client: Pick<Client, 'execute'>): Promise<void> {
  const mark = await readCopyMark(client)
  if (mark) throw halfCopy(mark)
}

/** The same for who has read the settings. */
export function refuseMarkIn(
  settings: readonly { readonly name: string; readonly value: unknown }[],
): void {
  const mark = settings.find(({ name }) => name === COPY_MARK)
  if (mark) throw halfCopy(mark.value as CopyMark)
}

/** Why a copy that is not done cannot be used. */
export const halfCopy = ({ from, begunAt }: CopyMark): SetupError =>
  new SetupError(
    `The database is a copy of ${from} that is not done: it was begun ${new Date(begunAt).toISOString().slice(0, 16)} UTC.`,
    'Stop Groxy at the source and run the same `groxy copy` once more: it goes on where it stopped, and says when it is done.',
  )

/** Leave the mark, in an empty database or in place of that of a run before. */
export async function leaveCopyMark(
  target: Patient,
  mark: CopyMark,
  before: CopyMark | undefined,
): Promise<void> {
  const value = JSON.stringify(mark)
  const statement = before
    ? { sql: GO_ON, args: [value, JSON.stringify(before)] }
    : { sql: BEGIN, args: [value] }
  await target.execute(statement)
  // Not by how many rows were written: an answer may have been lost, and the question put again.
  if ((await readCopyMark(target))?.run !== mark.run) throw overtaken()
}

/**
 * Fails, and everything with it that is written in the same batch, once the mark is another: a run that was
 * asleep must not write into a database that is in use by now.
 */
export const copyFence = (mark: CopyMark): InStatement => ({
  sql: `SELECT CASE WHEN EXISTS (SELECT 1 FROM settings WHERE name = '${COPY_MARK}' AND value = ?)
    THEN 1 ELSE json('${FENCE}') END`,
  args: [JSON.stringify(mark)],
})

const FENCE = 'The mark of this copy is gone.'

/** Take the mark away: the copy is done. */
export async function removeCopyMark(target: Patient, mark: CopyMark): Promise<void> {
  await target.execute({ sql: END, args: [JSON.stringify(mark)] })
  if (await readCopyMark(target)) throw overtaken()
}

/** Another run writes there now. */
export const overtaken = (): SetupError =>
  new SetupError(
    'Another `groxy copy` writes to the same database, or has done so meanwhile.',
    'Let one of them run to its end, and look at what it says.',
  )
