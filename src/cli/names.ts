import type { Stores } from '../store/stores'

/** What people call keys and accounts, by their ids. */
export interface Names {
  readonly keys: ReadonlyMap<string, string>
  readonly accounts: ReadonlyMap<string, string>
}

/** The names of all keys and accounts of the database. */
export async function namesOf({ keys, accountSearch }: Stores): Promise<Names> {
  const [allKeys, accounts] = await Promise.all([keys.list(), accountSearch.names()])
  return { keys: new Map(allKeys.map(({ id, name }) => [id, name])), accounts }
}

const TICKS_PER_DOLLAR = 10_000_000_000

/** Ticks as US dollars: to the cent when they are many, else to where they begin. */
export function dollars(ticks: number): string {
  const amount = ticks / TICKS_PER_DOLLAR
  return `$${amount === 0 || amount >= 1 ? amount.toFixed(2) : amount.toFixed(6)}`
}
