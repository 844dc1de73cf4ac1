import { ApiError } from '../../errors'
import { ACCOUNT_STATES, type AccountFilter, TIER_FILTERS } from '../../store/account-filter'
import { ACCOUNT_SORTS, type AccountPlace, type AccountSort } from '../../store/account-pages'
import { ACCOUNT_KINDS } from '../../store/schema'

/** How many accounts a page may show. */
export const PAGE_SIZES = [50, 100, 200] as const

/** Which accounts a page shows: all of it stands in its address. */
export interface AccountQuery {
  readonly filter: AccountFilter
  readonly sort: AccountSort
  readonly limit: number
  readonly after?: AccountPlace | undefined
  readonly before?: AccountPlace | undefined
}

const LONGEST_TEXT = 200

/** What an address asks for; of what makes no sense there nothing is taken. */
export function readQuery(params: URLSearchParams): AccountQuery {
  const sort = oneOf(ACCOUNT_SORTS, params.get('sort')) ?? 'name'
  const size = Number(params.get('size'))
  return {
    filter: {
      kind: oneOf(ACCOUNT_KINDS, params.get('kind')),
      tier: oneOf(TIER_FILTERS, params.get('tier')),
      state: oneOf(ACCOUNT_STATES, params.get('state')),
      tag: params.get('tag')?.trim() || undefined,
      text: params.get('q')?.trim().slice(0, LONGEST_TEXT) || undefined,
    },
    sort,
    limit: PAGE_SIZES.find((one) => one === size) ?? PAGE_SIZES[0],
    after: placeOf(params.get('after'), sort),
    before: placeOf(params.get('before'), sort),
  }
}

/** The same as an address, without what is usual. */
export function pathOf({ filter, sort, limit, after, before }: AccountQuery): string {
  const params = new URLSearchParams()
  const add = (name: string, value: string | undefined) => value && params.set(name, value)
  add('q', filter.text)
  for (const name of ['kind', 'tier', 'state', 'tag'] as const) add(name, filter[name])
  if (sort !== 'name') add('sort', sort)
  if (limit !== PAGE_SIZES[0]) add('size', String(limit))
  add('after', after && cursorOf(sort, after))
  add('before', before && cursorOf(sort, before))
  return `/admin/accounts${params.size > 0 ? `?${params}` : ''}`
}

/** Whether somebody looks for some accounts only. */
export const isFiltered = ({ filter }: AccountQuery): boolean =>
  Object.values(filter).some((value) => value !== undefined)

/** A place in a list, as a text that means nothing to others. */
export const cursorOf = (sort: AccountSort, place: AccountPlace): string =>
  new TextEncoder()
    .encode(JSON.stringify([sort, ...place]))
    .toBase64({ alphabet: 'base64url', omitPadding: true })

/** @throws ApiError when a cursor is none, or is of a list in another order */
export function readCursor(cursor: string, sort: AccountSort): AccountPlace {
  const place = placeOf(cursor, sort)
  if (place) return place
  throw new ApiError('invalid_value', '"after" is no `next` of a list in this order.', {
    param: 'after',
  })
}

const PLACES: Readonly<Record<AccountSort, readonly ('string' | 'number')[]>> = {
  name: ['string', 'string'],
  newest: ['number', 'string'],
  oldest: ['number', 'string'],
  state: ['number', 'string', 'string'],
}

function placeOf(cursor: string | null, sort: AccountSort): AccountPlace | undefined {
  if (!cursor) return undefined
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: 'base64url' })
    const [order, ...place] = JSON.parse(new TextDecoder().decode(bytes))
    const types = PLACES[sort]
    if (order !== sort || place.length !== types.length) return undefined
    return types.every((type, at) => typeof place[at] === type) ? place : undefined
  } catch {
    return undefined
  }
}

const oneOf = <T extends string>(known: readonly T[], given: string | null): T | undefined =>
  known.find((one) => one === given)
