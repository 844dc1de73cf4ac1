import type { InStatement, InValue, ResultSet } from '@libsql/client/web'
import { ApiError } from '../errors'
import type { Patient } from './patient'
import { itemsQuestion, type KeptItem, readItems } from './said-items'

/** Which part of a list a client asks for. */
export interface PageAsk {
  readonly order: 'asc' | 'desc'
  /** The id of the last one it has. */
  readonly after: string | undefined
  readonly limit: number
}

/** A part of a list. */
export interface Page<T = KeptItem> {
  readonly data: readonly T[]
  readonly hasMore: boolean
}

/**
 * A question for a page of items. The one to go on after comes along, so that an unknown one is told
 * from the end of the list. An id that is there twice stands for the later one: no list is endless.
 *
 * @param ctes ends with `listed(n, id, hash)`, whose `n` is the order
 */
export function pageQuestion(ctes: string, ask: PageAsk, args: readonly InValue[]): InStatement {
  const { order, after, limit } = ask
  const sign = order === 'asc' ? '' : '-'
  const from = after === undefined ? '' : 'WHERE n >= (SELECT max(n) FROM ranked WHERE id = ?)'
  return {
    sql: itemsQuestion(`${ctes},
      ranked AS (SELECT ${sign}n AS n, id, hash FROM listed),
      wanted AS (SELECT n, id, hash FROM ranked ${from} ORDER BY n LIMIT ?)`),
    args: [...args, ...(after === undefined ? [limit + 1] : [after, limit + 2])],
  }
}

/** @throws ApiError when there is no item to go on after */
export async function readPage(client: Patient, { rows }: ResultSet, ask: PageAsk): Promise<Page> {
  return cutPage(await readItems(client, rows), ask)
}

/** @param found what was asked for, the one to go on after first, and one more than there may be */
export function cutPage<T>(found: readonly T[], { after, limit }: PageAsk): Page<T> {
  if (after !== undefined && found.length === 0)
    throw new ApiError('invalid_value', `There is no "${after.slice(0, 100)}" to go on after.`, {
      param: 'after',
    })
  const from = after === undefined ? 0 : 1
  return { data: found.slice(from, from + limit), hasMore: found.length > from + limit }
}
