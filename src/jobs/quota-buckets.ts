import type { Offers } from '../pool/account'
import type { Member } from '../pool/member'
import type { Question } from './quota-schedule'

interface Buckets {
  /** The one that tells the most of the account. */
  readonly main: string | undefined
  readonly all: ReadonlySet<string>
}

const known = new WeakMap<Offers, Buckets>()

/** The quotas that the models of an account are charged to. */
function bucketsIn(offers: Offers): Buckets {
  const cached = known.get(offers)
  if (cached) return cached
  const all = new Set([...offers.charges.values()].map(({ bucket }) => bucket))
  const [main] = all
  const buckets = { main, all }
  known.set(offers, buckets)
  return buckets
}

/** After a turn the quotas that were used, else all that were ever used; and always the main one. */
export function bucketsOf(
  { shelf, quotas, scoped }: Member,
  { why, used }: Question,
): readonly string[] {
  if (!shelf?.offers) return [...used]
  const { main, all } = bucketsIn(shelf.offers)
  const wanted = new Set(main === undefined ? used : [main, ...used])
  if (why !== 'turn') {
    for (const bucket of quotas?.keys() ?? []) wanted.add(bucket)
    for (const scope of scoped?.keys() ?? []) wanted.add(scope)
  }
  return [...wanted].filter((bucket) => all.has(bucket))
}

/** Whether an account rests for lack of some quota. */
export function isDry({ shelf, scoped }: Member, at: number): boolean {
  if (!scoped || !shelf?.offers) return false
  const { all } = bucketsIn(shelf.offers)
  for (const [scope, { until }] of scoped) if (until > at && all.has(scope)) return true
  return false
}

/** When an upstream last said something about a quota of the account; 0 for never. */
export function heardAt({ quotas }: Member): number {
  let last = 0
  for (const { at } of quotas?.values() ?? []) last = Math.max(last, at)
  return last
}
