import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { notice, redirect } from '../answers'
import { readForm } from '../form'
import { html } from '../html'
import type { AdminParts } from '../parts'
import type { View } from '../view'
import { count } from '../widgets/numbers'
import { requestPage } from './detail-page'
import { listPart, liveBar, type RequestList, requestsPage } from './list-page'
import { readGiven, readWanted } from './query'
import type { Requests } from './service'
import { requestWords } from './words'

const ROWS = 50
const DAY_MS = 86_400_000

/** How old requests are that may be removed, in days. */
const AGES: ReadonlyMap<string, number | undefined> = new Map([
  ['1d', 1],
  ['7d', 7],
  ['30d', 30],
  ['all', undefined],
])

/** `/admin/requests`: the log, one request in full, and the end of old ones. */
export function requestRoutes({ handlers }: AdminParts, requests: Requests) {
  async function listOf(view: View, params: URLSearchParams): Promise<RequestList> {
    const given = readGiven(params)
    const { wanted, problems } = readWanted(given, view)
    const after = /^\d{1,15}$/.test(params.get('after') ?? '')
      ? Number(params.get('after'))
      : undefined
    const isLive = params.has('live') && after === undefined
    // First how far it goes: what comes in between is then shown twice rather than never.
    const live = isLive ? await requests.newest() : undefined
    const isWrong = Object.keys(problems).length > 0
    const page = isWrong ? NOTHING : await requests.page(wanted, ROWS, after)
    return { given, problems, page, live, isOlder: after !== undefined }
  }

  return new Elysia({ prefix: '/admin/requests', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view, request) =>
        requestsPage(view, await listOf(view, new URL(request.url).searchParams)),
      ),
    )
    .get(
      '/live',
      handlers.page(async (view, request) => {
        const { searchParams } = new URL(request.url)
        const than = Number(searchParams.get('than'))
        const newest = await requests.newest()
        if (newest === than) return new Response(null, { status: 204 })
        const { wanted } = readWanted(readGiven(searchParams), view)
        searchParams.set('live', '1')
        if (await requests.hasNewer(wanted, than)) {
          const list = await listOf(view, searchParams)
          return html`${liveBar(view, list)}
            <hx-partial hx-target="#list" hx-swap="innerMorph">${listPart(view, list)}</hx-partial>`
        }
        const given = readGiven(searchParams)
        return liveBar(view, { given, live: newest, ...UNSEEN })
      }),
    )
    .get(
      '/:id',
      handlers.page(async (view, _, { id }: { id: string }) =>
        requestPage(view, id, await requests.find(id)),
      ),
    )
    .post(
      '/clear',
      handlers.page(async (view, request) => {
        const given = (await readForm(request)).get('before') ?? ''
        if (!AGES.has(given))
          throw new ApiError('invalid_value', 'Say which requests are to be removed.', {
            param: 'before',
          })
        const days = AGES.get(given)
        const before = days === undefined ? undefined : view.now - days * DAY_MS
        const removed = await requests.clear(view.operator, before)
        if (!view.isPartial) return redirect('/admin/requests', { isPartial: false })
        const list = await listOf(view, new URL(request.url).searchParams)
        const say = requestWords[view.language]
        return html`${listPart(view, list)}${notice(say.cleared(count(view, removed)))}`
      }),
      { parse: 'none' },
    )
}

const NOTHING = {
  rows: [],
  next: undefined,
  lookedUntil: undefined,
  names: { key: () => undefined, account: () => undefined },
}

const UNSEEN = { problems: {}, page: NOTHING, isOlder: false } as const
