import { ApiError } from '../errors'

/** Which part of a list is asked for. */
export interface Page {
  readonly limit: number
  readonly order: 'asc' | 'desc'
  /** The id of the item before the first one. */
  readonly after: string | undefined
}

const MOST = 100
const USUAL = 20

interface PageSizes {
  readonly most: number
  readonly usual: number
}

/** @throws ApiError when the query says something else */
export function readPage(
  query: URLSearchParams,
  usual: Page['order'],
  sizes: PageSizes = { most: MOST, usual: USUAL },
): Page {
  const limit = Number(query.get('limit') ?? sizes.usual)
  if (!Number.isInteger(limit) || limit < 1 || limit > sizes.most)
    throw new ApiError('invalid_value', `'limit' must be a whole number from 1 to ${sizes.most}.`, {
      param: 'limit',
    })
  const order = query.get('order') ?? usual
  if (order !== 'asc' && order !== 'desc')
    throw new ApiError('invalid_value', "'order' must be asc or desc.", { param: 'order' })
  return { limit, order, after: query.get('after') || undefined }
}

/** What else a client wants to see of items. */
export const readInclude = (query: URLSearchParams): string[] => [
  ...query.getAll('include[]'),
  ...query.getAll('include'),
]

interface Listed {
  readonly id?: unknown
}

/** A part of a list, as OpenAI answers it: an empty one has ids too, which are empty. */
export const listBody = <T extends Listed>(data: readonly T[], hasMore: boolean) => ({
  object: 'list',
  data,
  first_id: data[0]?.id ?? '',
  last_id: data.at(-1)?.id ?? '',
  has_more: hasMore,
})
