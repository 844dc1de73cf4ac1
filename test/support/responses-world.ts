import { expect } from 'bun:test'
import OpenAI from 'openai'
import type { Response as OpenAiResponse } from 'openai/resources/responses/responses'
import { fakeResponses } from '../fakes/responses-upstream'
import { type FakeUpstream, fakeUpstream, MODELS, type Script } from '../fakes/upstream'
import { type Gateway, gateway, KEY, openaiAt, xaiAt } from './gateway'
import { officialEventFaults, officialResponseFaults } from './official-responses'
import { until } from './programs'
import { orderFaults, readResponseStream, type StreamEvent } from './response-order'

/** OpenAI's SDK as a client of a gateway, and every stream that it was sent, as it came. */
export function listeningClient({ url }: Gateway, apiKey = KEY) {
  const streams: Promise<string>[] = []
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    maxRetries: 0,
    async fetch(input: string | URL | Request, init?: RequestInit) {
      const response = await fetch(input, init)
      if (response.headers.get('content-type')?.startsWith('text/event-stream'))
        streams.push(textOf(response.clone()))
      return response
    },
  })
  return {
    client,
    /** The text of its newest stream, as far as it came. */
    stream: async (): Promise<string> => (await streams.at(-1)) ?? '',
  }
}

async function textOf({ body }: Response): Promise<string> {
  if (!body) return ''
  const decoder = new TextDecoder()
  const pieces: string[] = []
  const reading = (async () => {
    for await (const bytes of body) pieces.push(decoder.decode(bytes, { stream: true }))
  })()
  // A stream that breaks off says something until then.
  await reading.catch(() => undefined)
  return pieces.join('')
}

async function over(upstream: FakeUpstream, gate: Gateway) {
  await listed(gate)
  return {
    ...listeningClient(gate),
    upstream,
    gate,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await upstream.stop()
    },
  }
}

/** Until the model lists have come, any model may be there, and nothing is known of what it can do. */
const listed = (gate: Gateway) =>
  until(async () => {
    const { data } = (await (await gate.get('/v1/models')).json()) as { data: { id: string }[] }
    return MODELS.every((id) => data.some((model) => model.id === id)) || undefined
  })

/** One xAI account. */
export async function overXai(...parts: Parameters<typeof fakeResponses>) {
  const upstream = fakeResponses(...parts)
  return over(upstream, await gateway({ env: xaiAt(upstream.url) }))
}

/** One account of a server that speaks chat alone. */
export async function overChat(script?: Script) {
  const upstream = fakeUpstream(script)
  return over(upstream, await gateway({ env: openaiAt(upstream.url) }))
}

/** One account of a server that speaks Responses alone. */
export async function overResponsesOnly(script?: Parameters<typeof fakeResponses>[0]) {
  const upstream = fakeResponses(script, { chat: false })
  const gate = await gateway()
  await gate.stores.accounts.add({
    ...{ kind: 'openai', name: 'modern', baseUrl: upstream.url, secret: 'sk-account-secret-3' },
    ...{ api: 'responses', models: MODELS },
  })
  await gate.app.refresh()
  return over(upstream, gate)
}

/** The demo model alone. */
export async function overDemo() {
  const gate = await gateway()
  return {
    ...listeningClient(gate),
    gate,
    [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
  }
}

/** Every key that a Response has to have, whatever was asked (openai-api.md, 1.2). */
const KEYS = [
  ...['id', 'object', 'created_at', 'completed_at', 'status', 'incomplete_details', 'model'],
  ...['previous_response_id', 'instructions', 'output', 'error', 'tools', 'tool_choice'],
  ...['truncation', 'parallel_tool_calls', 'text', 'top_p', 'presence_penalty'],
  ...['frequency_penalty', 'top_logprobs', 'temperature', 'reasoning', 'usage'],
  ...['max_output_tokens', 'max_tool_calls', 'store', 'background', 'service_tier', 'metadata'],
  ...['safety_identifier', 'prompt_cache_key'],
]

/** A Response is as OpenAI's schema says, and whole. */
export function expectOfficial(response: object): void {
  // The SDK's own fields are no part of the answer.
  const { output_text: _, ...bare } = response as OpenAiResponse
  expect(officialResponseFaults(JSON.parse(JSON.stringify(bare)))).toEqual([])
  expect(KEYS.filter((key) => !(key in bare))).toEqual([])
}

/** A stream has only events that OpenAI has, each as its schema says, in the right order, to the end. */
export function expectOfficialStream(text: string): readonly StreamEvent[] {
  const { events, done } = readResponseStream(text)
  expect(events.flatMap(officialEventFaults)).toEqual([])
  expect(orderFaults(events)).toEqual([])
  expect(done).toBe(true)
  return events
}

/** The same response, streamed or not: without what differs from one call to the next. */
export const comparable = (response: object): unknown =>
  JSON.parse(JSON.stringify(response), (key, value: unknown) => {
    if (key === 'output_text' || key === '_request_id' || key === 'parsed') return undefined
    if (key === 'parsed_arguments' || key === 'output_parsed') return undefined
    return ['id', 'created_at', 'completed_at'].includes(key) ? null : value
  })

/** What a promise was rejected with, which must be of this class. */
export async function failureOf<T extends Error>(
  work: PromiseLike<unknown>,
  kind: new (...parts: never[]) => T,
): Promise<T> {
  const cause: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(cause).toBeInstanceOf(kind)
  if (!(cause instanceof kind)) throw new Error('It did not fail.')
  return cause
}
