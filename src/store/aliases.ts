import type { Client } from '@libsql/client/web'
import { eq } from 'drizzle-orm'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createReader } from './rows'
import { aliases, type Route } from './schema'

export type { Route }

/** Refusals of a request that the next model of a route may be asked to take. */
export const ROUTE_REFUSALS = ['context_length', 'moderation'] as const

/** The routes table: public names for models. */
export function createAliases(db: Database, client: Client) {
  const read = createReader(client, aliases)

  return {
    /** Where the turns of each alias go. */
    async routes(): Promise<ReadonlyMap<string, Route>> {
      const rows = await read('ORDER BY name')
      return new Map(rows.map(({ name, model, route }) => [name, route ?? simple(model)]))
    },

    /** Name one model, or say where the turns of a name go. */
    async set(name: string, target: string | Route): Promise<void> {
      const route = typeof target === 'string' ? simple(target) : target
      const [first] = route.targets
      if (!first) return
      const isSimple = route.targets.length === 1 && !route.also?.length
      const set = { model: first.model, route: isSimple ? null : route }
      await db.batch([
        db
          .insert(aliases)
          .values({ name, ...set })
          .onConflictDoUpdate({ target: aliases.name, set }),
        touchRevision(db),
      ])
    },

    async remove(name: string): Promise<void> {
      await db.batch([db.delete(aliases).where(eq(aliases.name, name)), touchRevision(db)])
    },
  }
}

export type Aliases = ReturnType<typeof createAliases>

const simple = (model: string): Route => ({ mode: 'order', targets: [{ model }] })
