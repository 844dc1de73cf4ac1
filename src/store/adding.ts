import type { InStatement, InValue } from '@libsql/client/web'

/** Rows of one statement: few sizes, so that the database prepares few statements. */
const SIZES = [10, 1] as const

/**
 * Makes statements that add rows to the sums of a table, many rows at once: a statement of its own for
 * each costs more than the adding.
 *
 * @param sums the columns that are added up where there is such a row
 */
export function adding(table: string, columns: readonly string[], sums: readonly string[]) {
  const into = `INSERT INTO ${table} (${columns.map((name) => `"${name}"`).join(', ')}) VALUES `
  const row = `(${columns.map(() => '?').join(', ')})`
  const add = sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')
  const statements = new Map(
    SIZES.map((size) => [
      size,
      `${into}${Array(size).fill(row).join(', ')} ON CONFLICT DO UPDATE SET ${add}`,
    ]),
  )

  return (rows: readonly (readonly InValue[])[]): InStatement[] => {
    const made: InStatement[] = []
    let from = 0
    while (from < rows.length) {
      const size = SIZES.find((some) => from + some <= rows.length) ?? 1
      made.push({ sql: statements.get(size) ?? '', args: rows.slice(from, from + size).flat() })
      from += size
    }
    return made
  }
}
