import { sql } from 'drizzle-orm'
import { GROWN } from './accounts'
import type { Database } from './database'
import { touchRevision } from './revision'
import { accounts, type Tier } from './schema'

/** What the owners of accounts pay for, as their upstream lets on. */
export const createAccountTiers = (db: Database) => ({
  /** Note the tiers of accounts, by their ids; every instance learns of it. */
  async save(tiers: ReadonlyMap<string, Tier>): Promise<void> {
    const groups = Map.groupBy(tiers, ([, tier]) => tier)
    const updates = [...groups].map(([tier, group]) => {
      const ids = JSON.stringify(group.map(([id]) => id))
      return db
        .update(accounts)
        .set({ tier, ...GROWN })
        .where(sql`${accounts.id} IN (SELECT value FROM json_each(${ids}))`)
    })
    if (updates.length > 0) await db.batch([touchRevision(db), ...updates])
  },
})

export type AccountTiers = ReturnType<typeof createAccountTiers>
