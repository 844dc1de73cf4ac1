import type { Client, InArgs, InStatement, ResultSet } from '@libsql/client/web'

/** What a database was asked, and how many rows it gave. */
export interface Asked {
  readonly sql: string
  readonly args: InArgs
  readonly rows: number
}

/** A client that notes what is asked: each element of `questions` is what went in one request. */
export function watched<T extends Client>(client: T) {
  const questions: (readonly Asked[])[] = []
  const plain = (statement: InStatement | [string, InArgs?], args?: InArgs) => {
    if (Array.isArray(statement)) return { sql: statement[0], args: statement[1] ?? [] }
    if (typeof statement === 'string') return { sql: statement, args: args ?? [] }
    return { sql: statement.sql, args: statement.args ?? [] }
  }
  const note = (
    statements: readonly (InStatement | [string, InArgs?])[],
    results: readonly ResultSet[],
    args?: InArgs,
  ) =>
    questions.push(
      statements.map((one, at) => ({ ...plain(one, args), rows: results[at]?.rows.length ?? 0 })),
    )
  return {
    questions,
    /** What was asked since the last time. */
    taken: (): readonly (readonly Asked[])[] => questions.splice(0),
    client: {
      ...client,
      async execute(statement: InStatement, args?: InArgs) {
        const result = await client.execute(statement as string, args)
        note([statement], [result], args)
        return result
      },
      async batch(...given: Parameters<Client['batch']>) {
        const results = await client.batch(...given)
        note(given[0], results)
        return results
      },
      migrate: (...given: Parameters<Client['migrate']>) => client.migrate(...given),
      close: () => client.close(),
    } as T,
  }
}

/** How a database finds what it is asked for: a line a step. */
export async function planOf(
  client: Client,
  { sql, args }: Pick<Asked, 'sql' | 'args'>,
): Promise<string> {
  const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args })
  return rows.map(({ detail }) => String(detail)).join('\n')
}
