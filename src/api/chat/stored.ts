import { ApiError } from '../../errors'
import { listBody, readPage } from '../../http/page'
import { checkMetadata, type Metadata } from '../../state/metadata'
import type { Said } from '../../state/said'
import { shownMessage } from '../../turn/chat/shown-message'
import type { UpdateCompletion } from './schema'

/** The chat completions that are kept. */
export function createStoredChat(completions: Said['completions']) {
  return {
    /** `GET /v1/chat/completions` */
    async list(keyId: string, query: URLSearchParams): Promise<Response> {
      const ask = {
        ...readPage(query, 'asc'),
        model: query.get('model') || undefined,
        metadata: metadataOf(query),
      }
      const { data, hasMore } = await completions.list(keyId, ask)
      return Response.json(listBody(data, hasMore))
    },

    /** `GET /v1/chat/completions/{id}` */
    async get(keyId: string, id: string): Promise<Response> {
      return Response.json((await completions.get(keyId, id)) ?? unknownCompletion(id))
    },

    /** `POST /v1/chat/completions/{id}` */
    async update(keyId: string, id: string, { metadata }: UpdateCompletion): Promise<Response> {
      const updated = await completions.update(keyId, id, checkMetadata(metadata))
      return Response.json(updated ?? unknownCompletion(id))
    },

    /** `DELETE /v1/chat/completions/{id}` */
    async remove(keyId: string, id: string): Promise<Response> {
      if (!(await completions.remove(keyId, id))) unknownCompletion(id)
      return Response.json({ id, object: 'chat.completion.deleted', deleted: true })
    },

    /** `GET /v1/chat/completions/{id}/messages` */
    async messages(keyId: string, id: string, query: URLSearchParams): Promise<Response> {
      const page = await completions.messages(keyId, id, readPage(query, 'asc'))
      if (!page) return unknownCompletion(id)
      return Response.json(listBody(page.data.map(shownMessage), page.hasMore))
    },
  }
}

export type StoredChat = ReturnType<typeof createStoredChat>

function unknownCompletion(id: string): never {
  throw new ApiError('not_found', `There is no stored completion '${id.slice(0, 100)}'.`, {
    param: 'completion_id',
  })
}

/** Pairs that are asked for as `metadata[key]=value`. */
const metadataOf = (query: URLSearchParams): Metadata =>
  Object.fromEntries(
    [...query].flatMap(([name, value]) => {
      const key = /^metadata\[(.+)\]$/s.exec(name)?.[1]
      return key === undefined ? [] : [[key, value]]
    }),
  )
