import { expect } from 'bun:test'
import { KEY } from './key'
import { until } from './programs'

type Json = Record<string, unknown>

/** A Response as it comes over the wire. */
export interface WireResponse extends Json {
  readonly id: string
  readonly status: string
  readonly created_at: number
  readonly output: readonly Json[]
  readonly error: { readonly code: string; readonly message: string } | null
}

interface At {
  readonly url: string
}

/** The Responses API over bare HTTP, as one key. */
export function responsesAt({ url }: At, key = KEY) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const call = (method: string, path: string, body?: object, init: RequestInit = {}) =>
    fetch(`${url}/v1${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      ...init,
    })

  return {
    call,
    /** Ask, and take whatever comes. */
    ask: (body: object, init: RequestInit = {}) =>
      call('POST', '/responses', { model: 'grok-4', ...body }, init),
    create: async (body: object): Promise<WireResponse> =>
      good(await call('POST', '/responses', { model: 'grok-4', ...body })),
    get: async (id: string): Promise<WireResponse> => good(await call('GET', `/responses/${id}`)),
    cancel: async (id: string): Promise<WireResponse> =>
      good(await call('POST', `/responses/${id}/cancel`)),
    /** The stream of a response, from the event after one on. */
    watch: (id: string, after?: number) =>
      call(
        'GET',
        `/responses/${id}?stream=true${after === undefined ? '' : `&starting_after=${after}`}`,
      ),
    /** All pages of what a response answered, oldest first. */
    async items(id: string, limit = 20): Promise<Json[]> {
      const all: Json[] = []
      for (let after = ''; ; ) {
        const path = `/responses/${id}/input_items?order=asc&limit=${limit}${after}`
        const page = (await good(await call('GET', path))) as unknown as ItemPage
        all.push(...page.data)
        if (!page.has_more) return all
        after = `&after=${page.last_id}`
      }
    },
  }
}

export type ResponsesAt = ReturnType<typeof responsesAt>

interface ItemPage {
  readonly data: readonly Json[]
  readonly has_more: boolean
  readonly last_id: string
}

async function good(reply: Response): Promise<WireResponse> {
  const text = await reply.text()
  if (reply.status !== 200) throw new Error(`${reply.status}: ${text}`)
  return JSON.parse(text) as WireResponse
}

/** Who said an item, and what. */
export function saying({ role, content }: Json): string {
  const text = typeof content === 'string' ? content : textOfParts(content)
  return `${role}: ${text}`
}

const textOfParts = (content: unknown): string =>
  (content as readonly { readonly text?: string }[]).map(({ text = '' }) => text).join('')

/** What the model said in a response. */
export const answerOf = ({ output }: WireResponse): string =>
  output
    .filter(({ type }) => type === 'message')
    .map(({ content }) => textOfParts(content))
    .join('')

/** Ask until a background response has come to this; on its way it is nothing but on its way. */
export const becomes = (
  at: ResponsesAt,
  id: string,
  status: string,
  patienceMs?: number,
): Promise<WireResponse> =>
  until(async () => {
    const now = await at.get(id)
    if (now.status === status) return now
    expect(['queued', 'in_progress']).toContain(now.status)
    return undefined
  }, patienceMs)

/** Read a stream until it has said something; gives what came, and how to get the rest. */
export async function readUntil(reply: Response, said: string) {
  const reader = reply.body?.getReader()
  if (!reader) throw new Error('There is no stream.')
  const decoder = new TextDecoder()
  let text = ''
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (value) text += decoder.decode(value)
    return !done
  }
  while (!text.includes(said)) if (!(await more())) throw new Error(`It ended with: ${text}`)
  return {
    so: () => text,
    async rest(): Promise<string> {
      while (await more());
      return text
    },
    leave: () => reader.cancel(),
  }
}

/** The events after one, as text. */
export const after = (text: string, number: number): string => {
  const blocks = text.split(/(?<=\n\n)/)
  const last = blocks.findIndex((block) => block.includes(`"sequence_number":${number},`))
  return blocks.slice(last + 1).join('')
}

/** The id of the response that a stream is about. */
export const idIn = (text: string): string => /"id":"(resp_\w+)"/.exec(text)?.[1] ?? ''
