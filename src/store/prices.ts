import type { Client } from '@libsql/client/web'
import { and, eq, sql } from 'drizzle-orm'
import { sha256 } from '../crypto'
import { SetupError } from '../errors'
import type { Database } from './database'
import { touchApart } from './revision'
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

    async find(model: string): Promise<Price | undefined> {
      const [price] = await read('WHERE model = ?', [model])
      return price
    },

    /** @throws SetupError when a number is no price */
    async set(price: Price): Promise<void> {
      refuseAbsurd(price)
      const { model: _, ...set } = price
      await db.batch([
        db.insert(prices).values(price).onConflictDoUpdate({ target: prices.model, set }),
        touchApart(db),
      ])
    },

    /**
     * The same for a model that has none. Says whether it had none.
     *
     * @throws SetupError when a number is no price
     */
    async create(price: Price): Promise<boolean> {
      refuseAbsurd(price)
      const [made] = await db.batch([
        db.insert(prices).values(price).onConflictDoNothing().returning({ model: prices.model }),
        touchApart(db),
      ])
      return made.length > 0
    },

    /**
     * Says whether the price was still as it had been seen.
     *
     * @throws SetupError when a number is no price
     */
    async change(seen: Price, price: Price): Promise<boolean> {
      refuseAbsurd(price)
      const isSame = [...NUMBERS, 'longFrom' as const].map(
        (name) => sql`${prices[name]} IS ${seen[name]}`,
      )
      const [changed] = await db.batch([
        db
          .update(prices)
          .set(price)
          .where(and(eq(prices.model, seen.model), ...isSame))
          .returning({ model: prices.model }),
        touchApart(db),
      ])
      return changed.length > 0
    },

    /** Says whether there was one. */
    async remove(model: string): Promise<boolean> {
      const [removed] = await db.batch([
        db.delete(prices).where(eq(prices.model, model)).returning({ model: prices.model }),
        touchApart(db),
      ])
      return removed.length > 0
    },
  }
}

function refuseAbsurd(price: Price): void {
  const wrong = NUMBERS.find((name) => {
    const value = price[name]
    return value !== null && !(value >= 0 && value <= HIGHEST_PRICE)
  })
  if (wrong)
    throw new SetupError(
      `${price[wrong]} is no price.`,
      `Prices are US dollars for a million tokens, from 0 to ${HIGHEST_PRICE}.`,
    )
}

const LENGTH = 16

/** What a price is told by from any other price of its model. */
export async function priceRevision(price: Price): Promise<string> {
  const values = [price.model, ...NUMBERS.map((name) => price[name]), price.longFrom]
  return (await sha256(JSON.stringify(values))).slice(0, LENGTH)
}

export type Prices = ReturnType<typeof createPrices>
