import { expect } from 'bun:test'
import type OpenAI from 'openai'
import type {
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type {
  Response,
  ResponseCreateParams,
  ResponseInput,
} from 'openai/resources/responses/responses'

/** In which ways a program may ask for an answer. */
export const WAYS = ['a chat', 'a streamed chat', 'a response', 'a streamed response'] as const
export type Way = (typeof WAYS)[number]

/** What a program wants, whichever way it asks. */
export interface Wish {
  readonly model?: string
  readonly text?: string
  /** Addresses of pictures. */
  readonly pictures?: readonly string[]
  readonly files?: readonly { readonly filename: string; readonly file_data: string }[]
  readonly before?: readonly {
    readonly role: 'system' | 'developer' | 'user' | 'assistant'
    readonly content: string
  }[]
  readonly effort?: 'none' | 'low' | 'high'
  /** What one API alone has, or both call alike. */
  readonly chat?: object
  readonly responses?: object
  readonly both?: object
}

/** What a program is told, whichever way it asked. */
export interface Told {
  readonly id: string
  readonly model: string
  readonly text: string
  readonly thoughts: string
  /** The words that stand at each source, by its address. */
  readonly sources: readonly (readonly [url: string, words: string])[]
  readonly refusal: string
  readonly usage: { readonly input: number; readonly output: number; readonly thought: number }
  /** Why it ended: `stop`, or as responses say it, `completed`. */
  readonly finish: string
  /** Responses alone: its items but messages and thoughts. */
  readonly items: readonly Record<string, unknown>[]
  /** Chat alone: the addresses at its root. */
  readonly citations: readonly string[]
}

export async function tell(client: OpenAI, way: Way, wish: Wish = {}): Promise<Told> {
  switch (way) {
    case 'a chat':
      return chat(client, wish)
    case 'a streamed chat':
      return streamedChat(client, wish)
    case 'a response':
      return toldBy(await client.responses.create(responseOf(wish) as never))
    case 'a streamed response':
      return streamedResponse(client, wish)
  }
}

const MODEL = 'grok-4'

function chatOf({
  before = [],
  text = 'Hello',
  effort,
  ...wish
}: Wish): ChatCompletionCreateParams {
  const { pictures = [], files = [] } = wish
  const parts = [
    { type: 'text', text },
    ...pictures.map((url) => ({ type: 'image_url', image_url: { url } })),
    ...files.map((file) => ({ type: 'file', file })),
  ]
  const content = parts.length > 1 ? parts : text
  return {
    model: wish.model ?? MODEL,
    messages: [...before, { role: 'user', content }] as ChatCompletionMessageParam[],
    ...(effort && { reasoning_effort: effort }),
    ...wish.both,
    ...wish.chat,
  }
}

function responseOf({ before = [], text = 'Hello', effort, ...wish }: Wish): ResponseCreateParams {
  const { pictures = [], files = [] } = wish
  const content = [
    { type: 'input_text', text },
    ...pictures.map((image_url) => ({ type: 'input_image', image_url, detail: 'auto' })),
    ...files.map((file) => ({ type: 'input_file', ...file })),
  ]
  return {
    model: wish.model ?? MODEL,
    input: [...before, { role: 'user', content }] as ResponseInput,
    reasoning: { summary: 'auto', ...(effort && { effort }) },
    ...wish.both,
    ...wish.responses,
  }
}

interface Annotated {
  readonly type: string
  readonly url_citation?: { url: string; start_index: number; end_index: number }
}

interface Thinking {
  readonly reasoning_content?: string
  readonly annotations?: readonly Annotated[]
}

const NO_USAGE = { input: 0, output: 0, thought: 0 }

const usageOf = (usage: OpenAI.CompletionUsage | null | undefined): Told['usage'] =>
  usage
    ? {
        input: usage.prompt_tokens,
        output: usage.completion_tokens,
        thought: usage.completion_tokens_details?.reasoning_tokens ?? 0,
      }
    : NO_USAGE

const sourcesIn = (text: string, annotations: readonly Annotated[]): Told['sources'] =>
  annotations.flatMap(({ url_citation: cited }) =>
    cited ? [[cited.url, text.slice(cited.start_index, cited.end_index)] as const] : [],
  )

async function chat(client: OpenAI, wish: Wish): Promise<Told> {
  const answer = await client.chat.completions.create({ ...chatOf(wish), stream: false })
  const [choice] = answer.choices
  const message = choice?.message as OpenAI.ChatCompletionMessage & Thinking
  const text = message.content ?? ''
  return {
    ...{ id: answer.id, model: answer.model, text, items: [] },
    thoughts: message.reasoning_content ?? '',
    sources: sourcesIn(text, message.annotations ?? []),
    refusal: message.refusal ?? '',
    usage: usageOf(answer.usage),
    finish: choice?.finish_reason ?? '',
    citations: citationsOf(answer),
  }
}

const citationsOf = (answer: object): readonly string[] =>
  'citations' in answer ? (answer.citations as string[]) : []

async function streamedChat(client: OpenAI, wish: Wish): Promise<Told> {
  const asked = { ...chatOf(wish), stream: true, stream_options: { include_usage: true } } as const
  const told = { text: '', thoughts: '', refusal: '', finish: '', id: '', model: '' }
  const annotations: Annotated[] = []
  let usage: Told['usage'] = NO_USAGE
  let citations: readonly string[] = []
  for await (const chunk of await client.chat.completions.create(asked)) {
    told.id = chunk.id
    told.model = chunk.model
    if (chunk.usage) usage = usageOf(chunk.usage)
    citations = [...citations, ...citationsOf(chunk)]
    for (const { delta, finish_reason: finish } of chunk.choices) {
      const { reasoning_content: thought = '', annotations: more = [] } = delta as Thinking
      told.text += delta.content ?? ''
      told.thoughts += thought
      told.refusal += delta.refusal ?? ''
      told.finish = finish ?? told.finish
      annotations.push(...more)
    }
  }
  const sources = sourcesIn(told.text, annotations)
  return { ...told, usage, citations, sources, items: [] }
}

async function streamedResponse(client: OpenAI, wish: Wish): Promise<Told> {
  const asked = { ...responseOf(wish), stream: true } as const
  let text = ''
  let thoughts = ''
  let whole: Response | undefined
  for await (const event of await client.responses.create(asked)) {
    if (event.type === 'response.output_text.delta') text += event.delta
    if (event.type === 'response.reasoning_summary_text.delta') thoughts += event.delta
    if (event.type === 'response.completed' || event.type === 'response.incomplete')
      whole = event.response
    if (event.type === 'response.failed') throw new Error(event.response.error?.message)
  }
  if (!whole) throw new Error('The stream has no end.')
  const told = toldBy(whole)
  expect([text, thoughts]).toEqual([told.text, told.thoughts])
  return told
}

function toldBy(response: Response): Told {
  const contents = response.output.flatMap((item) => (item.type === 'message' ? item.content : []))
  const texts = contents.flatMap((part) => (part.type === 'output_text' ? part : []))
  const summaries = response.output.flatMap((item) =>
    item.type === 'reasoning' ? item.summary : [],
  )
  const { usage } = response
  return {
    ...{ id: response.id, model: response.model, finish: String(response.status), citations: [] },
    text: texts.map((part) => part.text).join(''),
    thoughts: summaries.map((part) => part.text).join(''),
    sources: texts.flatMap((part) =>
      part.annotations.flatMap((one) =>
        one.type === 'url_citation'
          ? [[one.url, part.text.slice(one.start_index, one.end_index)] as const]
          : [],
      ),
    ),
    refusal: contents.map((part) => (part.type === 'refusal' ? part.refusal : '')).join(''),
    usage: {
      input: usage?.input_tokens ?? 0,
      output: usage?.output_tokens ?? 0,
      thought: usage?.output_tokens_details.reasoning_tokens ?? 0,
    },
    items: response.output
      .filter(({ type }) => type !== 'message' && type !== 'reasoning')
      .map((item) => ({ ...item })),
  }
}
