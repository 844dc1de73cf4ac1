import { KEY_STATES, type KeyFilter } from '../../store/key-search'

const STATES = [...KEY_STATES, 'all'] as const
const LONGEST_TEXT = 200

/** Which keys a page shows: all of it stands in its address. */
export interface KeyQuery extends KeyFilter {
  /** From 1 on. */
  readonly page: number
}

/** What an address asks for; of what makes no sense there nothing is taken. */
export function readQuery(params: URLSearchParams): KeyQuery {
  const page = Number(params.get('page'))
  return {
    search: params.get('search')?.trim().slice(0, LONGEST_TEXT) || undefined,
    state: STATES.find((state) => state === params.get('state')),
    page: Number.isInteger(page) && page >= 1 && page <= 1e6 ? page : 1,
  }
}

/** The same as an address, without what is usual. */
export function pathOf({ search, state, page }: KeyQuery): string {
  const params = new URLSearchParams()
  if (search) params.set('search', search)
  if (state) params.set('state', state)
  if (page > 1) params.set('page', String(page))
  return `/admin/keys${params.size > 0 ? `?${params}` : ''}`
}

/** Where a key has a page of its own. */
export const keyPath = (id: string): string => `/admin/keys/${encodeURIComponent(id)}`
