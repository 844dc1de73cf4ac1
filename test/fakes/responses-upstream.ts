import { text } from './responses-outputs'
import { refused, say } from './responses-said'
import { fakeUpstream, MODELS, type Script, type Seen } from './upstream'
import { EFFORTS, refusedChat, refusedResponses } from './xai-rules'

/** One entry of `input`, as an upstream gets it. */
export type Item = Readonly<Record<string, unknown>> & { readonly type?: string }

/** A `POST /v1/responses` as an upstream gets it. */
export interface ResponsesAsked {
  readonly model: string
  readonly input: string | readonly Item[]
  readonly instructions?: string | null
  readonly stream?: boolean | null
  readonly tools?: readonly (Readonly<Record<string, unknown>> & {
    readonly type: string
    readonly name?: string
  })[]
  readonly tool_choice?: unknown
  readonly include?: readonly string[]
  readonly reasoning?: { readonly effort?: string } | null
  readonly text?: Readonly<Record<string, unknown>>
  readonly prompt_cache_key?: string
  readonly [field: string]: unknown
}

/** What to answer a turn with; undefined for the standard answer. */
type ResponsesScript = (
  asked: ResponsesAsked,
  seen: Seen,
) => Response | undefined | Promise<Response | undefined>

interface Options {
  /** What to answer chat with; false for a server that speaks Responses alone. */
  readonly chat?: Script | false
}

export const responsesAsked = ({ body }: Seen): ResponsesAsked => JSON.parse(body)

/** The input as a list, which it may always be. */
export const inputOf = ({ input }: ResponsesAsked): readonly Item[] =>
  typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input

/**
 * A server as xAI's: Responses as its script says, and chat; both refuse what xAI refuses.
 */
export function fakeResponses(
  script: ResponsesScript = () => undefined,
  { chat = () => undefined }: Options = {},
) {
  return fakeUpstream(async (seen, request) => {
    if (seen.method !== 'POST') return seen.path === '/v1/models' ? models() : undefined
    if (seen.path === '/v1/chat/completions') {
      if (!chat) return missing(seen.path)
      return refusedChat(JSON.parse(seen.body)) ?? chat(seen, request)
    }
    if (seen.path !== '/v1/responses') return undefined
    const asked = responsesAsked(seen)
    const refusal = refusedResponses(asked)
    if (refusal) return refusal
    return (await script(asked, seen)) ?? say(asked, [text('Hello there')])
  })
}

const missing = (path: string) =>
  refused(404, 'Some requested entity was not found', `There is no ${path} here.`)

const models = () =>
  Response.json({
    object: 'list',
    data: MODELS.map((id) => ({
      ...{ id, object: 'model', created: 1_760_000_000, owned_by: 'xai', aliases: [] },
      capabilities: { reasoning_effort: EFFORTS[id] ?? [] },
    })),
  })
