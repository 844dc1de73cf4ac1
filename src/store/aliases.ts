import type { Client, InStatement, InValue } from '@libsql/client/web'
import { eq } from 'drizzle-orm'
import { sha256 } from '../crypto'
import type { Database } from './database'
import { touchApart } from './revision'
import { createReader } from './rows'
import { aliases, type Route } from './schema'

export type { Route }

/** Refusals of a request that the next model of a route may be asked to take. */
export const ROUTE_REFUSALS = ['context_length', 'moderation'] as const

/** An alias, with what it is told by from any other state of it. */
export interface StoredAlias {
  readonly name: string
  readonly route: Route
  readonly revision: string
}

/** The routes table: public names for models. */
export function createAliases(db: Database, client: Client) {
  const read = createReader(client, aliases)

  /** Says whether that changed anything; every instance learns of it. */
  async function write(statement: InStatement): Promise<boolean> {
    const { sql, params } = touchApart(db).toSQL()
    const touch = { sql, args: params as InValue[] }
    const [changed] = await client.batch([statement, touch], 'write')
    return (changed?.rows.length ?? 0) > 0
  }

  async function insert(name: string, route: Route, otherwise: string): Promise<boolean> {
    if (route.targets.length === 0) return false
    const { model, route: column } = toColumns(route)
    return write({
      sql: `INSERT INTO aliases (name, model, route) SELECT ?, ?, ? WHERE ${UNCHAINED}
        ON CONFLICT (name) ${otherwise} RETURNING name`,
      args: [name, model, json(column), ...chainOf(name, route)],
    })
  }

  return {
    /** All aliases, by name. */
    async all(): Promise<readonly StoredAlias[]> {
      return Promise.all((await read('ORDER BY name')).map(toStored))
    },

    async find(name: string): Promise<StoredAlias | undefined> {
      const [row] = await read('WHERE name = ?', [name])
      return row && toStored(row)
    },

    /** Where the turns of each alias go. */
    async routes(): Promise<ReadonlyMap<string, Route>> {
      const rows = await read('ORDER BY name')
      return new Map(rows.map(({ name, model, route }) => [name, route ?? simple(model)]))
    },

    /**
     * Name one model, or say where the turns of a name go.
     *
     * @returns whether it was set: not where it would be an alias of an alias
     */
    set: (name: string, target: string | Route): Promise<boolean> => {
      const route = typeof target === 'string' ? simple(target) : target
      return insert(name, route, 'DO UPDATE SET model = excluded.model, route = excluded.route')
    },

    /** The same for a name that means nothing yet. Says whether it did not. */
    create: (name: string, route: Route): Promise<boolean> => insert(name, route, 'DO NOTHING'),

    /** Says whether the alias was still as it had been seen, and is none of an alias by this. */
    change({ name, route: seen }: StoredAlias, route: Route): Promise<boolean> {
      const was = toColumns(seen)
      const { model, route: column } = toColumns(route)
      return write({
        sql: `UPDATE aliases SET model = ?, route = ?
          WHERE name = ? AND model = ? AND route IS ? AND ${UNCHAINED} RETURNING name`,
        args: [model, json(column), name, was.model, json(was.route), ...chainOf(name, route)],
      })
    },

    /** Says whether there was one. */
    async remove(name: string): Promise<boolean> {
      const [removed] = await db.batch([
        db.delete(aliases).where(eq(aliases.name, name)).returning({ name: aliases.name }),
        touchApart(db),
      ])
      return removed.length > 0
    },
  }
}

export type Aliases = ReturnType<typeof createAliases>

/**
 * No model of this alias is an alias, and it is a model of none: asked within the statement that writes, as
 * somebody else may make such a one in the same moment.
 */
const UNCHAINED = `NOT EXISTS (SELECT 1 FROM aliases AS other WHERE other.name IN (SELECT value FROM json_each(?)))
  AND NOT EXISTS (SELECT 1 FROM aliases AS other WHERE other.name <> ? AND (other.model = ? OR EXISTS (
    SELECT 1 FROM json_each(other.route, '$.targets') AS target WHERE json_extract(target.value, '$.model') = ?)))`

const chainOf = (name: string, { targets }: Route): InValue[] => [
  JSON.stringify(targets.map(({ model }) => model)),
  ...[name, name, name],
]

const json = (route: Route | null): string | null => route && JSON.stringify(route)

const simple = (model: string): Route => ({ mode: 'order', targets: [{ model }] })

function toColumns(route: Route) {
  const { targets, also } = route
  const isSimple = targets.length === 1 && !also?.length
  return { model: targets[0]?.model ?? '', route: isSimple ? null : route }
}

const LENGTH = 16

async function toStored({ name, model, route }: typeof aliases.$inferSelect): Promise<StoredAlias> {
  const revision = (await sha256(JSON.stringify([name, model, route]))).slice(0, LENGTH)
  return { name, route: route ?? simple(model), revision }
}
