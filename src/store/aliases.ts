import { eq } from 'drizzle-orm'
import type { Database } from './database'
import { touchRevision } from './revision'
import { aliases } from './schema'

/** The routes table: public names for models. */
export function createAliases(db: Database) {
  return {
    async all(): Promise<ReadonlyMap<string, string>> {
      const rows = await db.select().from(aliases)
      return new Map(rows.map(({ name, model }) => [name, model]))
    },

    async set(name: string, model: string): Promise<void> {
      await db.batch([
        db
          .insert(aliases)
          .values({ name, model })
          .onConflictDoUpdate({ target: aliases.name, set: { model } }),
        touchRevision(db),
      ])
    },

    async remove(name: string): Promise<void> {
      await db.batch([db.delete(aliases).where(eq(aliases.name, name)), touchRevision(db)])
    },
  }
}

export type Aliases = ReturnType<typeof createAliases>
