/** All that a busy instance asks again and again, and what pages ask now and then. */
const MOST = 150

/**
 * Prepared statements, those that were used last: Bun keeps the first 20 that it meets and prepares every
 * other one each time, which costs more than many of them take.
 */
export function createStatements<Prepared extends { finalize(): void }>(
  prepare: (sql: string) => Prepared,
) {
  const prepared = new Map<string, Prepared>()

  function forget(sql: string, statement: Prepared): void {
    prepared.delete(sql)
    statement.finalize()
  }

  return {
    of(sql: string): Prepared {
      const known = prepared.get(sql)
      if (known) prepared.delete(sql)
      const statement = known ?? prepare(sql)
      prepared.set(sql, statement)
      if (prepared.size > MOST) {
        const [oldest] = prepared
        if (oldest) forget(...oldest)
      }
      return statement
    },

    /** Forget them all: what they are about changes, or the file is to be closed. */
    clear(): void {
      for (const [sql, statement] of prepared) forget(sql, statement)
    },
  }
}
