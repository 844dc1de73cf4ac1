import type { Json } from '../../json-value'
import { type Check, canonical, type Keywords, type Spot, within, wrong } from './check'

type List = readonly unknown[]

/** What the items of an array must be like. */
export const checkArray: Keywords<List> = (check, schema, value, spot) => {
  const { minItems, maxItems, uniqueItems } = schema
  let ok = true
  if (typeof minItems === 'number' && value.length < minItems)
    ok = wrong(spot, `must have at least ${minItems} items`)
  if (typeof maxItems === 'number' && value.length > maxItems)
    ok = wrong(spot, `must have at most ${maxItems} items`)
  if (!ok && !spot) return false
  if (uniqueItems === true && hasTwice(check, value))
    ok = wrong(spot, 'must not have the same item twice')
  return checkItems(check, schema, value, spot) && ok && checkContains(check, schema, value, spot)
}

/** The first items have schemas of their own, the others one for all: two drafts, two spellings. */
function checkItems(check: Check, schema: Json, value: List, spot: Spot | undefined): boolean {
  const { prefixItems, items, additionalItems } = schema
  const isOld = Array.isArray(items)
  const first = isOld ? items : Array.isArray(prefixItems) ? prefixItems : []
  const others = isOld ? additionalItems : items
  if (first.length === 0 && others === undefined) return true
  let ok = true
  for (const [at, item] of value.entries()) {
    const own = at < first.length ? first[at] : others
    if (own === undefined) break
    ok = check.fits(own, item, within(spot, at)) && ok
    if (!ok && !spot) return false
  }
  return ok
}

function checkContains(check: Check, schema: Json, value: List, spot: Spot | undefined): boolean {
  const { contains, minContains = 1, maxContains } = schema
  if (contains === undefined) return true
  const found = value.filter((item) => check.fits(contains, item, undefined)).length
  if (typeof minContains === 'number' && found < minContains)
    return wrong(spot, `must have at least ${minContains} items of the kind that is asked for`)
  if (typeof maxContains === 'number' && found > maxContains)
    return wrong(spot, `must have at most ${maxContains} items of the kind that is asked for`)
  return true
}

function hasTwice(check: Check, value: List): boolean {
  const seen = new Set<string>()
  for (const item of value) seen.add(canonical(item, check))
  return seen.size < value.length
}
