import type { Dispatch } from '../../dispatch/dispatch'
import { ApiError } from '../../errors'
import type { Admission } from '../../http/admission'
import type { KeyCaller } from '../../http/key-handlers'
import type { Settings } from '../../store/settings'
import { decodeResponses } from '../../turn/responses/decode'
import { inputText, itemId } from '../../turn/responses/input'
import type { CompactRequest, CountRequest, Item } from '../../turn/responses/schema'
import { countTokens } from '../../turn/token-count'
import type { Tokenizer } from '../../turn/tokenizer'
import { COMPACTION_INSTRUCTIONS, type Compaction } from './compaction'
import type { Contexts } from './context'
import { demandOf, type Turns } from './turn'

interface SumsParts {
  readonly dispatch: Dispatch
  readonly admission: Admission
  readonly contexts: Contexts
  readonly compaction: Compaction
  readonly turns: Turns
  readonly tokenizer: () => Promise<Tokenizer>
  readonly settings: () => Settings
  readonly newId: () => string
  readonly now: () => number
}

/** What sums a conversation up, in a number or in words. */
export function createSums(parts: SumsParts) {
  const { dispatch, admission, contexts, compaction, turns, tokenizer, settings, newId, now } =
    parts

  /** The summary of a conversation, by the model that it was held with. */
  async function summarise(request: CompactRequest, asker: KeyCaller) {
    const { key, requestId, conversation, origin, signal } = asker
    const context = await contexts.of(key.id, request)
    if (context.items.length === 0)
      throw new ApiError('invalid_value', "There is nothing to compact: send 'input'.", {
        param: 'input',
      })
    const { model, prompt_cache_key = null, service_tier = null } = request
    const asked = { model, prompt_cache_key, service_tier, store: false }
    const items = [...context.items, instructionOf(request)]
    const prepared = turns({
      request: asked,
      context: { ...context, items },
      key,
      requestId,
      conversation,
      origin,
      settings: settings(),
    })
    const ticket = await admission.enter(key, demandOf(prepared))
    await dispatch.answer({ ...prepared.turn, signal, onEnd: ticket.settle })
    const { output, usage } = prepared.encoder().response()
    const summary = textOf(output as readonly Item[])
    if (summary === '')
      throw new ApiError('upstream_error', 'The model summed nothing up. Try again.')
    return { context, summary, usage }
  }

  return {
    /** `POST /v1/responses/input_tokens`: reckoned here, so that nobody is asked and nothing is spent. */
    async count(request: CountRequest, { key }: KeyCaller): Promise<Response> {
      const context = await contexts.of(key.id, request)
      const model = request.model ?? ''
      const turn = decodeResponses({ ...request, model }, context.items, model)
      const count = countTokens(turn, await tokenizer())
      return Response.json({ object: 'response.input_tokens', input_tokens: count })
    },

    /**
     * `POST /v1/responses/compact`: the user's own messages stay as they are, and one item that only we
     * can read stands for all the rest.
     */
    async compact(request: CompactRequest, asker: KeyCaller): Promise<Response> {
      const { context, summary, usage } = await summarise(request, asker)
      const said = context.items.filter(({ type, role }) => type === 'message' && role === 'user')
      return Response.json({
        id: `resp_${newId()}`,
        object: 'response.compaction',
        created_at: Math.floor(now() / 1000),
        output: [...said, await compaction.seal(summary, itemId('compaction', newId))],
        usage,
      })
    },
  }
}

export type Sums = ReturnType<typeof createSums>

/** What the client adds comes last, where models heed it most. */
const instructionOf = ({ instructions }: CompactRequest): Item => ({
  type: 'message',
  role: 'user',
  content: [inputText([COMPACTION_INSTRUCTIONS, instructions].filter(Boolean).join('\n\n'))],
})

const textOf = (output: readonly Item[]): string =>
  output
    .flatMap(({ type, content }) => (type === 'message' && Array.isArray(content) ? content : []))
    .map((part) => String((part as { text?: unknown }).text ?? ''))
    .join('')
    .trim()
