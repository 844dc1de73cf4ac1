import OpenAI from 'openai'
import { fakeResponses } from '../fakes/responses-upstream'
import { type FakeUpstream, fakeUpstream, MODELS, type Script } from '../fakes/upstream'
import { type Gateway, gateway, KEY, openaiAt, xaiAt } from './gateway'
import { until } from './programs'

export { failureOf } from './failure'
export { expectOfficial, expectOfficialStream } from './official-expectations'

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

/** The same response, streamed or not: without what differs from one call to the next. */
export const comparable = (response: object): unknown =>
  JSON.parse(JSON.stringify(response), (key, value: unknown) => {
    if (key === 'output_text' || key === '_request_id' || key === 'parsed') return undefined
    if (key === 'parsed_arguments' || key === 'output_parsed') return undefined
    return ['id', 'created_at', 'completed_at'].includes(key) ? null : value
  })
