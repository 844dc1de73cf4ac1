import { call, type Output, text, thought } from '../fakes/responses-outputs'
import { type Manner, say } from '../fakes/responses-said'
import { type Item, inputOf, type ResponsesAsked } from '../fakes/responses-upstream'
import { chunk, hello, type Seen, sse, USAGE } from '../fakes/upstream'

/** A function that a request offers. */
export interface Offered {
  readonly name: string
  readonly parameters?: { readonly properties?: Readonly<Record<string, unknown>> }
}

/** What a model does in a loop of one tool call: call the tool, then repeat what it gave. */
export interface ToolAct {
  /** The function to call, which the request has to offer. */
  readonly tool: string | RegExp
  /** What to call it with. */
  readonly given: object | ((tool: Offered) => object)
  /** What it thinks before it calls. */
  readonly thought?: string
}

export const CALL_ID = 'call_lookup_1'
export const TOLD = 'The note says: '

/** A chat request, as far as a loop looks at it. */
export interface ChatAsked {
  readonly model: string
  readonly stream?: boolean | null
  readonly messages: readonly {
    readonly role: string
    readonly content?: unknown
    readonly tool_calls?: readonly {
      readonly id: string
      readonly function: { readonly name: string; readonly arguments: string }
    }[]
    readonly tool_call_id?: string
  }[]
  readonly tools?: readonly { readonly type: string; readonly function?: Offered }[]
  readonly reasoning_effort?: string
  readonly [field: string]: unknown
}

export const chatAsked = ({ body }: Seen): ChatAsked => JSON.parse(body)

/** The loop on `POST /v1/chat/completions`: the script of a fake upstream. */
export const chatLoop =
  (act: ToolAct) =>
  (seen: Seen): Response | undefined => {
    if (seen.path !== '/v1/chat/completions') return undefined
    const asked = chatAsked(seen)
    const last = asked.messages.at(-1)
    if (last?.role === 'tool') return chatText(asked, textOf(last.content))
    const offered = (asked.tools ?? []).flatMap((tool) => tool.function ?? [])
    const tool = chosen(act, offered)
    return tool ? chatCall(asked, tool, act) : notOffered(act, offered)
  }

/** The loop on `POST /v1/responses`: the script of a fake xAI. */
export const responsesLoop =
  (act: ToolAct, manner: Manner = {}) =>
  (asked: ResponsesAsked): Response => {
    const last = inputOf(asked).at(-1)
    if (String(last?.type).endsWith('_call_output'))
      return say(asked, [text(TOLD + textOf(last?.output))], manner)
    const offered = (asked.tools ?? []).filter(({ type }) => type === 'function')
    const tool = chosen(act, offered as readonly Offered[])
    if (!tool) return notOffered(act, offered as readonly Offered[])
    const thinks: readonly Output[] = act.thought ? [thought(act.thought)] : []
    return say(asked, [...thinks, call(tool.name, givenTo(act, tool), CALL_ID)], manner)
  }

const chosen = ({ tool }: ToolAct, offered: readonly Offered[]): Offered | undefined =>
  offered.find(({ name }) => (typeof tool === 'string' ? name === tool : tool.test(name)))

const givenTo = ({ given }: ToolAct, tool: Offered): object =>
  typeof given === 'function' ? given(tool) : given

const notOffered = ({ tool }: ToolAct, offered: readonly Offered[]) =>
  Response.json(
    { error: { message: `There is no ${tool} among ${offered.map(({ name }) => name)}.` } },
    { status: 400 },
  )

/** What a tool gave, whether it is text or parts. */
const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : (content as readonly Item[]).map(({ text }) => String(text ?? '')).join('')

function chatText({ stream }: ChatAsked, told: string): Response {
  if (!stream) return answer({ role: 'assistant', content: TOLD + told, refusal: null }, 'stop')
  return chunks([
    chunk({ role: 'assistant', content: TOLD }),
    chunk({ content: told }),
    chunk({}, 'stop'),
  ])
}

function chatCall({ stream }: ChatAsked, tool: Offered, act: ToolAct): Response {
  const { name } = tool
  const args = JSON.stringify(givenTo(act, tool))
  const thinks = act.thought ? { reasoning_content: act.thought } : {}
  const begun = { id: CALL_ID, type: 'function', function: { name, arguments: '' } }
  if (!stream)
    return answer(
      {
        ...{ role: 'assistant', content: null, refusal: null, ...thinks },
        tool_calls: [{ ...begun, function: { name, arguments: args } }],
      },
      'tool_calls',
    )
  const middle = Math.floor(args.length / 2)
  const piece = (fragment: object) => chunk({ tool_calls: [{ index: 0, ...fragment }] })
  return chunks([
    chunk({ role: 'assistant', content: null }),
    ...(act.thought ? [chunk(thinks)] : []),
    piece(begun),
    piece({ function: { arguments: args.slice(0, middle) } }),
    piece({ function: { arguments: args.slice(middle) } }),
    chunk({}, 'tool_calls'),
  ])
}

const answer = (message: object, finish_reason: string): Response =>
  Response.json(hello({ choices: [{ index: 0, message, finish_reason, logprobs: null }] }))

const chunks = (all: readonly object[]): Response =>
  sse([
    ...[...all, { ...chunk({}), choices: [], usage: USAGE }].map((one) => JSON.stringify(one)),
    '[DONE]',
  ])
