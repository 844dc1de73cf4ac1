import { expect } from 'bun:test'
import { officialFaults } from '../support/official-responses'
import { until } from '../support/programs'
import type { Json } from './world'

/** What an answer holds, which has to be a good one. */
export async function good<T = Json>(
  reply: Response | Promise<Response>,
  status = 200,
): Promise<T> {
  const response = await reply
  const text = await response.text()
  expect([response.status, response.status === status ? '' : text]).toEqual([status, ''])
  return JSON.parse(text) as T
}

/** How a picture or a video is told from others, once it is whole at the gateway. */
export const tagOf = (ask: () => Promise<Response>): Promise<string> =>
  until(async () => (await ask()).headers.get('etag') ?? undefined)

interface Refusal {
  readonly status: number
  readonly code?: string | null
  readonly param?: string | null
  readonly type?: string
}

/** A refusal as OpenAI writes it, under an id by which it is found again. */
export async function expectRefusal(reply: Response | Promise<Response>, wanted: Refusal) {
  const response = await reply
  expect(response.headers.get('content-type')).toStartWith('application/json')
  const { error } = (await response.json()) as { error: Json & { message: string } }
  expect({ status: response.status, ...error }).toMatchObject({ ...wanted })
  expect(officialFaults('ErrorResponse', { error })).toEqual([])
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(error.message.length).toBeGreaterThan(5)
  expect(response.headers.get('x-request-id')).toMatch(/^req_[\da-f]{32}$/)
  return response
}

export interface List<T = Json> {
  readonly object: string
  readonly data: readonly (T & { readonly id: string })[]
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}

/** The ids of all pages of a list, in the order in which they come. */
export async function idsOfAll(
  page: (query: string) => Promise<Response>,
  limit: number,
): Promise<string[]> {
  const ids: string[] = []
  for (let after = ''; ; ) {
    const list = await good<List>(page(`?limit=${limit}${after}`))
    expect(list.data.length).toBeLessThanOrEqual(limit)
    ids.push(...list.data.map(({ id }) => id))
    if (!list.has_more) return ids
    after = `&after=${list.last_id}`
  }
}
