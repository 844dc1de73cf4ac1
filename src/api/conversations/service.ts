import { ApiError } from '../../errors'
import { listBody, readInclude, readPage } from '../../http/page'
import { checkMetadata } from '../../state/metadata'
import { resolveReferences } from '../../state/references'
import type { Said } from '../../state/said'
import type { Conversation } from '../../store/conversations'
import { readInput } from '../../turn/responses/input'
import { checkItems } from '../../turn/responses/input-check'
import type { Item } from '../../turn/responses/schema'
import { shownItems } from '../../turn/responses/shown'
import type { AddItems, CreateConversation, UpdateConversation } from './schema'

interface ConversationsParts {
  readonly said: Pick<Said, 'conversations' | 'responses'>
  readonly newId: () => string
}

/** How a request calls the items that it brings. */
const FIELD = 'items'

/** `/v1/conversations` behind its routes. */
export function createConversations({ said, newId }: ConversationsParts) {
  const { conversations, responses } = said

  const readItems = (keyId: string, given: AddItems['items']): Promise<readonly Item[]> =>
    resolveReferences({
      items: readInput(given, newId),
      field: FIELD,
      find: (ids) => responses.references(keyId, ids),
    })

  /** What a conversation holds, as far as new items are to be judged by it. */
  async function before(keyId: string, id: string, items: readonly Item[]) {
    if (!items.some(isOutput)) return []
    const found = await conversations.context(keyId, id)
    return found ? found.items : unknownConversation(id)
  }

  return {
    /** `POST /v1/conversations` */
    async create(keyId: string, { metadata, items }: CreateConversation): Promise<Response> {
      const pairs = checkMetadata(metadata)
      const own = await readItems(keyId, items ?? [])
      checkItems(own, 0, FIELD)
      return Response.json(shown(await conversations.create(keyId, pairs, own)))
    },

    /** `GET /v1/conversations/{id}` */
    async get(keyId: string, id: string): Promise<Response> {
      const found = await conversations.get(keyId, id)
      return Response.json(shown(found ?? unknownConversation(id)))
    },

    /** `POST /v1/conversations/{id}` */
    async update(keyId: string, id: string, { metadata }: UpdateConversation): Promise<Response> {
      const updated = await conversations.update(keyId, id, checkMetadata(metadata))
      return Response.json(shown(updated ?? unknownConversation(id)))
    },

    /** `DELETE /v1/conversations/{id}` */
    async remove(keyId: string, id: string): Promise<Response> {
      if (!(await conversations.remove(keyId, id))) unknownConversation(id)
      return Response.json({ id, object: 'conversation.deleted', deleted: true })
    },

    /** `GET /v1/conversations/{id}/items` */
    async items(keyId: string, id: string, query: URLSearchParams): Promise<Response> {
      const page = await conversations.items(keyId, id, readPage(query, 'desc'))
      if (!page) return unknownConversation(id)
      const items = shownItems(page.data as readonly Item[], readInclude(query))
      return Response.json(listBody(items, page.hasMore))
    },

    /** `POST /v1/conversations/{id}/items` */
    async add({ keyId, id, query }: ItemsPlace, { items }: AddItems): Promise<Response> {
      const own = await readItems(keyId, items)
      const known = await before(keyId, id, own)
      checkItems([...known, ...own], known.length, FIELD)
      const added = await conversations.add(keyId, id, own)
      if (!added) return unknownConversation(id)
      return Response.json(listBody(shownItems(added, readInclude(query)), false))
    },

    /** `GET /v1/conversations/{id}/items/{item_id}` */
    async item({ keyId, id, query }: ItemsPlace, itemId: string): Promise<Response> {
      const found = await conversations.item(keyId, id, itemId)
      const [item] = shownItems([found ?? unknownItem(itemId)], readInclude(query))
      return Response.json(item)
    },

    /** `DELETE /v1/conversations/{id}/items/{item_id}` */
    async removeItem(keyId: string, id: string, itemId: string): Promise<Response> {
      const left = await conversations.removeItem(keyId, id, itemId)
      return Response.json(shown(left ?? unknownItem(itemId)))
    },
  }
}

export type Conversations = ReturnType<typeof createConversations>

/** Which items of whom. */
interface ItemsPlace {
  readonly keyId: string
  /** Of the conversation. */
  readonly id: string
  readonly query: URLSearchParams
}

const shown = ({ id, metadata, createdAt }: Conversation) => ({
  id,
  object: 'conversation',
  created_at: Math.floor(createdAt / 1000),
  metadata,
})

const isOutput = ({ type }: Item): boolean => type?.endsWith('_output') === true

function unknownConversation(id: string): never {
  throw new ApiError('not_found', `There is no conversation '${id.slice(0, 100)}'.`, {
    param: 'conversation_id',
  })
}

function unknownItem(id: string): never {
  throw new ApiError('not_found', `There is no item '${id.slice(0, 100)}' in this conversation.`, {
    param: 'item_id',
  })
}
