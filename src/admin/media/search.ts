import { ApiError } from '../../errors'
import type { MediaSort } from '../../store/media'
import {
  MEDIA_ORDERS,
  MEDIA_SORTS,
  type MediaOrder,
  type MediaPlace,
} from '../../store/media-search'

/** What somebody looks for in the gallery, as the page's address says it. */
export interface MediaWish {
  readonly sort: MediaSort | undefined
  readonly isKept: boolean | undefined
  readonly accountId: string | undefined
  readonly text: string
  readonly order: MediaOrder
  readonly after: MediaPlace | undefined
}

/** The longest text that is searched for. */
const LONGEST = 200

/** Read a gallery's address: of what it does not know it takes no notice. */
export function readWish(query: URLSearchParams): MediaWish {
  const state = query.get('state')
  return {
    sort: MEDIA_SORTS.find((one) => one === query.get('sort')),
    isKept: state === 'kept' ? true : state === 'away' ? false : undefined,
    accountId: query.get('account') || undefined,
    text: (query.get('q') ?? '').trim().slice(0, LONGEST),
    order: MEDIA_ORDERS.find((one) => one === query.get('order')) ?? 'used',
    after: readPlace(query.get('after')),
  }
}

/** What of an address is looked for: its last part, without a signature. */
export const partOf = (text: string): string =>
  URL.canParse(text) ? (new URL(text).pathname.split('/').at(-1) ?? '') : text

/** The query of a page of the gallery. */
export function queryFor(wish: MediaWish, after?: MediaPlace): string {
  const query = new URLSearchParams()
  if (wish.sort) query.set('sort', wish.sort)
  if (wish.isKept !== undefined) query.set('state', wish.isKept ? 'kept' : 'away')
  if (wish.accountId) query.set('account', wish.accountId)
  if (wish.text) query.set('q', wish.text)
  if (wish.order !== 'used') query.set('order', wish.order)
  if (after) query.set('after', placeText(after))
  const text = query.toString()
  return text && `?${text}`
}

/** Where a page ended, for who asks for the next one. */
export const placeText = ({ rank, name }: MediaPlace): string => `${rank}.${name}`

/** @throws ApiError when it is none of ours */
export function readPlace(text: string | null): MediaPlace | undefined {
  if (!text) return
  const [, rank = '', name = ''] = /^(\d{1,15})\.([\w.-]{1,100})$/.exec(text) ?? []
  if (name === '')
    throw new ApiError('invalid_value', "'after' must be what the page before gave as next.", {
      param: 'after',
    })
  return { rank: Number(rank), name }
}
