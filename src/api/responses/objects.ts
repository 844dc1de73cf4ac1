import { ApiError } from '../../errors'
import { listBody, readInclude, readPage } from '../../http/page'
import { EVENT_HEADERS } from '../../http/served'
import type { SaidResponse } from '../../state/draft'
import type { Said } from '../../state/said'
import { replay } from '../../turn/responses/replay'
import { shownItems, shownResponse } from '../../turn/responses/shown'
import { awaited } from './awaited'
import type { Background } from './background'

interface ObjectParts {
  readonly said: Said
  readonly background: Background
  readonly heartbeatMs: () => number
}

/** The responses that are kept. */
export function createResponseObjects({ said, background, heartbeatMs }: ObjectParts) {
  /** What there is of a response: here, if it is being worked on here. */
  async function find(keyId: string, id: string) {
    const run = background.find(keyId, id)
    const kept = run ? background.snapshot(run) : await stored(keyId, id)
    if (!kept) throw notFound(id)
    return { run, ...kept }
  }

  async function stored(keyId: string, id: string) {
    const found = await said.responses.get(keyId, id)
    if (!found) return
    const { body, output, tape, status } = found
    return { response: { ...body, status, output }, tape }
  }

  const isOver = ({ status }: Readonly<Record<string, unknown>>) =>
    status !== 'queued' && status !== 'in_progress'

  return {
    /** `GET /v1/responses/{id}`, with `stream=true` as the stream that its creator got. */
    async get(keyId: string, id: string, query: URLSearchParams): Promise<Response> {
      const include = readInclude(query)
      const { run, response, tape } = await find(keyId, id)
      if (query.get('stream') !== 'true') return Response.json(shownResponse(response, include))
      const after = startingAfter(query)
      if (run) return background.watch(run, after)
      if (isOver(response))
        return new Response(replay(shownResponse(response, include), tape, after), {
          headers: EVENT_HEADERS,
        })
      // Where it runs, who watches sees it cancelled when it is deleted.
      const deleted = { response: { ...response, status: 'cancelled' }, tape }
      const look = async () => {
        const later = (await stored(keyId, id)) ?? deleted
        if (!isOver(later.response)) return
        return replay(shownResponse(later.response, include), later.tape, after)
      }
      return new Response(awaited(look, heartbeatMs()), { headers: EVENT_HEADERS })
    },

    /** `DELETE /v1/responses/{id}` */
    async remove(keyId: string, id: string): Promise<Response> {
      const run = background.find(keyId, id)
      if (run) background.stop(run)
      if (!(await said.responses.remove(keyId, id))) throw notFound(id)
      return Response.json({ id, object: 'response', deleted: true })
    },

    /** `POST /v1/responses/{id}/cancel` */
    async cancel(keyId: string, id: string): Promise<Response> {
      const { run, response } = await find(keyId, id)
      if ((response as SaidResponse).background !== true)
        throw new ApiError(
          'invalid_value',
          'Only a response that was made with background=true can be cancelled. To stop another one, close its connection.',
          { param: 'response_id' },
        )
      if (run) {
        background.stop(run)
        return Response.json(shownResponse(background.snapshot(run).response))
      }
      if (isOver(response)) return Response.json(shownResponse(response))
      await said.background.cancel(keyId, id)
      const { response: ended } = await find(keyId, id)
      return Response.json(shownResponse(ended))
    },

    /** `GET /v1/responses/{id}/input_items` */
    async inputItems(keyId: string, id: string, query: URLSearchParams): Promise<Response> {
      const page = await said.responses.inputItems(keyId, id, readPage(query, 'desc'))
      if (!page) throw notFound(id)
      const include = readInclude(query)
      return Response.json(listBody(shownItems(page.data, include), page.hasMore))
    },
  }
}

export type ResponseObjects = ReturnType<typeof createResponseObjects>

const notFound = (id: string) =>
  new ApiError('not_found', `There is no response '${id.slice(0, 100)}'.`, { param: 'response_id' })

/** @throws ApiError when it is no number of an event */
function startingAfter(query: URLSearchParams): number {
  const text = query.get('starting_after')
  if (text === null) return -1
  const after = Number(text)
  if (Number.isInteger(after) && after >= 0) return after
  throw new ApiError('invalid_value', "'starting_after' must be the number of an event.", {
    param: 'starting_after',
  })
}
