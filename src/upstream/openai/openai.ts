import { UpstreamFault } from '../../errors'
import { asFault, type Http } from '../../net/http'
import type { Account } from '../../pool/account'
import type { UpstreamModel } from '../../store/schema'
import type { ChatRequest } from '../../turn/chat/schema'
import { isUnreadable } from '../fault'
import type { Translated, Upstream, UpstreamCall, UpstreamReply } from '../upstream'
import { createCaller } from './call'
import { createEmbedding } from './embeddings'
import { createPictures } from './images'
import { type Changes, nativeBody } from './request'
import { effortsOf, sendsThoughts, toChat, toOwnResponses, toResponses } from './translation'

interface OpenAiParts {
  readonly http: Http
  readonly now: () => number
  readonly quirks?: OpenAiQuirks
}

/** What a server of this kind wants written differently. */
export interface OpenAiQuirks {
  readonly chat?: (request: ChatRequest) => Changes
  /** Changes a body of the Responses API, and says what it left out of it. */
  readonly mendResponses?: (body: Record<string, unknown>) => readonly string[]
  /** The tools that it has of its own on the Responses API; without, there may be any. */
  readonly runs?: (tool: string) => boolean
  /** It knows functions, but no tools that take text, no namespaces, and no choice of some tools. */
  readonly functionsOnly?: boolean
}

/** What is to be sent, and where to. */
interface Prepared {
  readonly dialect: 'chat' | 'responses'
  readonly body: string
  readonly translated?: Translated
}

const PATHS = { chat: '/chat/completions', responses: '/responses' } as const

/** Any server that speaks OpenAI's dialects, or one of them: the other is translated. */
export function createOpenAi({ http, now, quirks = {} }: OpenAiParts): Upstream {
  const caller = createCaller({ http, now })

  function prepare(call: UpstreamCall, thoughts: boolean): Prepared {
    const { ask, account, model, stream } = call
    const { api } = account
    if (ask.dialect === 'chat') {
      if (api === 'responses') return { dialect: 'responses', ...toResponses(call) }
      const { value } = ask.request
      if (quirks.functionsOnly && needsMore(value)) return { dialect: 'chat', ...toChat(call) }
      const efforts = value.reasoning_effort ? effortsOf(call) : undefined
      return {
        dialect: 'chat',
        body: nativeBody(ask, { model, stream, quirks: quirks.chat, efforts }),
      }
    }
    return api === 'chat'
      ? { dialect: 'chat', ...toChat(call) }
      : { dialect: 'responses', ...toOwnResponses(call, ask, { ...quirks, thoughts }) }
  }

  const has = quirks.runs ?? (() => true)

  async function send(call: UpstreamCall, thoughts: boolean): Promise<UpstreamReply> {
    const { account, abort, stream } = call
    const { dialect, body, translated } = prepare(call, thoughts)
    const response = await caller({
      account,
      path: PATHS[dialect],
      method: 'POST',
      accept: stream ? 'text/event-stream' : 'application/json',
      plain: true,
      body,
      type: 'application/json',
      abort,
    })
    if (!translated) return { form: 'bytes', dialect, response }
    return { form: 'bytes', dialect, response, translated }
  }

  async function models(account: Account, abort: AbortController) {
    const accept = 'application/json'
    const response = await caller({ account, path: '/models', method: 'GET', accept, abort })
    const body: unknown = await response.json().catch((cause) => {
      throw cause instanceof SyntaxError ? noList(cause) : asFault(cause, abort.signal)
    })
    return readModels(body)
  }

  return {
    models,
    check: models,
    pictures: createPictures(caller),
    embed: createEmbedding(caller),

    // A chat goes to a server of chat as it came, whatever becomes of it there.
    runs: (tool, { api }, dialect) =>
      dialect === 'chat' ? api !== 'responses' || has(tool) : api !== 'chat' && has(tool),

    ask(call: UpstreamCall): Promise<UpstreamReply> {
      if (!sendsThoughts(call)) return send(call, true)
      return send(call, true).catch((cause) => {
        // A conversation must not end because of a thought that nobody can read any more.
        if (!isUnreadable(cause)) throw cause
        return send(call, false)
      })
    },
  }
}

/** Whether a chat speaks of tools in a way that servers do not understand which know functions only. */
const needsMore = ({ tools, tool_choice: choice, messages }: ChatRequest): boolean =>
  (tools && typeof choice === 'object' && choice !== null && choice.type !== 'function') ||
  tools?.some(({ type }) => type === 'custom') === true ||
  messages.some(({ tool_calls: calls }) => calls?.some(({ custom }) => custom) === true)

/** @throws UpstreamFault when it is no model list */
function readModels(body: unknown): readonly UpstreamModel[] {
  const list = (body as { data?: unknown } | null)?.data
  if (!Array.isArray(list)) throw noList()
  return list.filter(
    (model): model is UpstreamModel => typeof model?.id === 'string' && model.id !== '',
  )
}

/** @param cause where it was not even JSON, but the page of a website, say */
const noList = (cause?: unknown): UpstreamFault =>
  new UpstreamFault('malformed', 'The upstream answered something that is no model list.', {
    cause,
  })
