import type { Client } from '@libsql/client/web'
import { and, eq, sql } from 'drizzle-orm'
import { sha256 } from '../crypto'
import type { Database } from './database'
import { touchRevision } from './revision'
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

    /** Name one model, or say where the turns of a name go. */
    async set(name: string, target: string | Route): Promise<void> {
      const route = typeof target === 'string' ? simple(target) : target
      if (route.targets.length === 0) return
      const set = toColumns(route)
      await db.batch([
        db
          .insert(aliases)
          .values({ name, ...set })
          .onConflictDoUpdate({ target: aliases.name, set }),
        touchRevision(db),
      ])
    },

    /** The same for a name that means nothing yet. Says whether it did not. */
    async create(name: string, route: Route): Promise<boolean> {
      const [made] = await db.batch([
        db
          .insert(aliases)
          .values({ name, ...toColumns(route) })
          .onConflictDoNothing()
          .returning({ name: aliases.name }),
        touchRevision(db),
      ])
      return made.length > 0
    },

    /** Says whether the alias was still as it had been seen. */
    async change(seen: StoredAlias, route: Route): Promise<boolean> {
      const was = toColumns(seen.route)
      const [changed] = await db.batch([
        db
          .update(aliases)
          .set(toColumns(route))
          .where(
            and(
              eq(aliases.name, seen.name),
              eq(aliases.model, was.model),
              sql`${aliases.route} IS ${was.route && JSON.stringify(was.route)}`,
            ),
          )
          .returning({ name: aliases.name }),
        touchRevision(db),
      ])
      return changed.length > 0
    },

    /** Says whether there was one. */
    async remove(name: string): Promise<boolean> {
      const [removed] = await db.batch([
        db.delete(aliases).where(eq(aliases.name, name)).returning({ name: aliases.name }),
        touchRevision(db),
      ])
      return removed.length > 0
    },
  }
}

export type Aliases = ReturnType<typeof createAliases>

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
