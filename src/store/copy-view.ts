import type { Client } from '@libsql/client/web'

/** How a source is looked at while it may be in use. */
export interface CopyView {
  /** Whether it stands still from `begin` to `end`, whatever is written meanwhile. */
  readonly isStill: boolean
  begin(): Promise<void>
  /** @returns whether somebody wrote since `begin`; undefined where nobody can tell */
  end(): Promise<boolean | undefined>
}

/**
 * A file is read within one transaction of a connection of its own: nobody waits for it, and it needs no room
 * but for what is written meanwhile, which stays in `-wal` until it ends.
 */
export function createFileView(client: Client): CopyView {
  let seen: unknown
  const version = async () => (await client.execute('PRAGMA data_version')).rows[0]?.[0]
  return {
    isStill: true,
    async begin() {
      await client.execute('BEGIN')
      // What is read first is what is seen from then on.
      await client.execute('SELECT count(*) FROM sqlite_master')
      seen = await version()
    },
    async end() {
      await client.execute('COMMIT')
      return (await version()) !== seen
    },
  }
}

/** A server has no transaction that would last long enough: it is read again until nothing differs. */
export const createServerView = (): CopyView => ({
  isStill: false,
  begin: () => Promise.resolve(),
  end: () => Promise.resolve(undefined),
})

/** One that shares a database now. */
export interface LivingInstance {
  readonly name: string
  readonly host: string
  /** When it is taken to be gone unless it says that it lives, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** Who shares a database now, by its own word. */
export async function livingInstances(
  client: Pick<Client, 'execute'>,
  now: number,
): Promise<readonly LivingInstance[]> {
  const { rows } = await client.execute({
    sql: 'SELECT name, host, expires_at FROM instances WHERE expires_at > ? ORDER BY started_at',
    args: [now],
  })
  return rows.map(({ name, host, expires_at }) => ({
    name: String(name),
    host: String(host ?? 'some machine'),
    expiresAt: Number(expires_at),
  }))
}
