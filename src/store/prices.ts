import type { Client } from '@libsql/client/web'
import { eq } from 'drizzle-orm'
import { SetupError } from '../errors'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createReader } from './rows'
import { prices } from './schema'

/** What a model costs: US dollars for a million tokens. */
export type Price = Readonly<typeof prices.$inferSelect>

/** Above this it is a slip of the hand, or of an upstream. */
export const HIGHEST_PRICE = 100_000

const NUMBERS = ['input', 'cached', 'output', 'longInput', 'longCached', 'longOutput'] as const

/** The operator's own prices. */
export function createPrices(db: Database, client: Client) {
  const read = createReader(client, prices)

  return {
    async all(): Promise<ReadonlyMap<string, Price>> {
      const rows = await read()
      return new Map(rows.map((price) => [price.model, price]))
    },

    /** @throws SetupError when a number is no price */
    async set(price: Price): Promise<void> {
      const wrong = NUMBERS.find((name) => {
        const value = price[name]
        return value !== null && !(value >= 0 && value <= HIGHEST_PRICE)
      })
      if (wrong)
        throw new SetupError(
          `${price[wrong]} is no price.`,
          `Prices are US dollars for a million tokens, from 0 to ${HIGHEST_PRICE}.`,
        )
      const { model: _, ...set } = price
      await db.batch([
        db.insert(prices).values(price).onConflictDoUpdate({ target: prices.model, set }),
        touchRevision(db),
      ])
    },

    /** Says whether there was one. */
    async remove(model: string): Promise<boolean> {
      const [removed] = await db.batch([
        db.delete(prices).where(eq(prices.model, model)).returning({ model: prices.model }),
        touchRevision(db),
      ])
      return removed.length > 0
    },
  }
}

export type Prices = ReturnType<typeof createPrices>
