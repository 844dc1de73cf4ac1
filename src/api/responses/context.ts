import { ApiError } from '../../errors'
import { hashText } from '../../pool/ring'
import { resolveReferences } from '../../state/references'
import type { Said } from '../../state/said'
import { readInput } from '../../turn/responses/input'
import { checkItems } from '../../turn/responses/input-check'
import type { Item, ResponsesRequest } from '../../turn/responses/schema'
import type { Compaction } from './compaction'

/** What a turn is about. */
export interface Context {
  /** The whole conversation as the model is told it: what was said before, and the input. */
  readonly items: readonly Item[]
  /** What the request itself says, as it is stored: every item with an id. */
  readonly input: readonly Item[]
  readonly previousId: string | null
  /** The conversation that the turn belongs to, and how far that went when it was read. */
  readonly conversation: { readonly id: string; readonly end: number } | null
  /** What the first turn of the chain was placed by; undefined when this one is the first. */
  readonly affinity: number | undefined
}

type Asked = Pick<ResponsesRequest, 'input' | 'previous_response_id' | 'conversation'>

interface ContextParts {
  readonly said: Said
  readonly compaction: Compaction
  readonly newId: () => string
}

/** Puts together what was said before and what a request says now. */
export function createContexts({ said, compaction, newId }: ContextParts) {
  /** What was said before the request's own input. */
  async function before(keyId: string, request: Asked, remembered?: readonly Item[]) {
    const previousId = request.previous_response_id || null
    const conversationId = idOf(request.conversation)
    if (previousId && conversationId)
      throw new ApiError(
        'invalid_value',
        "'previous_response_id' and 'conversation' cannot be used together.",
        { param: 'previous_response_id' },
      )
    if (remembered) return { ...FIRST, items: remembered }
    if (previousId)
      return { previousId, conversation: null, ...(await previous(keyId, previousId)) }
    if (!conversationId) return FIRST
    const found = await said.conversations.context(keyId, conversationId)
    if (!found) throw unknownConversation(conversationId)
    const conversation = { id: conversationId, end: found.end }
    const affinity = hashText(conversationId)
    return { previousId, conversation, items: found.items, affinity }
  }

  async function previous(keyId: string, id: string) {
    const found = (await said.responses.previous(keyId, id)) ?? unknownPrevious(id)
    if (found.status === 'queued' || found.status === 'in_progress')
      throw new ApiError('invalid_value', `The response '${id}' is not over yet: wait for it.`, {
        param: 'previous_response_id',
      })
    return { items: found.items, affinity: found.affinity }
  }

  /** The input with its references resolved: first within the conversation, then in all that is kept. */
  const resolve = (keyId: string, own: readonly Item[], known: readonly Item[]) =>
    resolveReferences({
      items: own,
      field: 'input',
      async find(ids) {
        const found = new Map(known.map((item) => [String(item.id), item]))
        const missing = ids.filter((id) => !found.has(id))
        if (missing.length > 0)
          for (const [id, item] of await said.responses.references(keyId, missing))
            found.set(id, item)
        return found
      },
    })

  return {
    /**
     * @param remembered what was said before, where the database does not know of it
     * @throws ApiError when something that the request refers to is not there, or its items do not fit
     * together
     */
    async of(keyId: string, request: Asked, remembered?: readonly Item[]): Promise<Context> {
      const { items: known, ...places } = await before(keyId, request, remembered)
      const input = await resolve(keyId, readInput(request.input, newId), known)
      const items = known.length > 0 ? [...known, ...input] : input
      checkItems(items, known.length)
      // What the database does not know of is stored with the turn that goes on from it.
      return { ...places, input: remembered ? items : input, items: await compaction.opened(items) }
    },

    /**
     * That of a turn which is stored already, as it was found when the turn was begun: what it goes on
     * from may have been deleted since.
     *
     * @throws ApiError when it is not there any more
     */
    async again(keyId: string, id: string, request: Asked): Promise<Context> {
      const { items, affinity } = (await said.responses.context(keyId, id)) ?? lost(id)
      const conversationId = idOf(request.conversation)
      return {
        items: await compaction.opened(items),
        input: items.slice(items.length - readInput(request.input, newId).length),
        previousId: request.previous_response_id || null,
        conversation: conversationId ? { id: conversationId, end: 0 } : null,
        affinity,
      }
    },
  }
}

const FIRST = { previousId: null, conversation: null, items: [], affinity: undefined }

export type Contexts = ReturnType<typeof createContexts>

const idOf = (conversation: Asked['conversation']): string | null =>
  (typeof conversation === 'string' ? conversation : conversation?.id) || null

const unknownPrevious = (id: string): never => {
  throw new ApiError(
    'previous_response_not_found',
    `There is no response '${id.slice(0, 100)}' to go on from: it was not stored, was deleted or has expired.`,
    { param: 'previous_response_id' },
  )
}

const lost = (id: string): never => {
  throw new ApiError('not_found', `What the response '${id}' answers is not there any more.`)
}

const unknownConversation = (id: string) =>
  new ApiError('not_found', `There is no conversation '${id.slice(0, 100)}'.`, {
    param: 'conversation',
  })
