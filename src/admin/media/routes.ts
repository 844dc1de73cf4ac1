import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { FILE_ORDERS } from '../../store/file-search'
import type { MediaSort } from '../../store/media'
import { notice, redirect } from '../answers'
import { readForm } from '../form'
import { type Html, html } from '../html'
import type { AdminParts } from '../parts'
import type { View } from '../view'
import { bytes, count } from '../widgets/numbers'
import { createKeptContent } from './content'
import { createFilesService } from './files'
import { type FilesWish, filesPage, filesPart } from './files-page'
import { FILES, GALLERY, galleryPage, galleryPart } from './page'
import { partOf, readPlace, readWish } from './search'
import { createMediaService, type Removal } from './service'
import { mediaWords } from './words'

/** As many as fill rows of two, three, four and six. */
const PER_PAGE = 48
const MB = 1024 * 1024

/** Pictures, videos and files that are kept, as pages. */
export function mediaPageRoutes(parts: AdminParts) {
  const { handlers, stores, settings } = parts
  const service = createMediaService(parts)
  const files = createFilesService(parts)
  const showKept = createKeptContent({ media: stores.media, objects: parts.objects })

  async function galleryOf(view: View, query: URLSearchParams) {
    const wish = readWish(query)
    const search = { ...wish, text: partOf(wish.text), limit: PER_PAGE }
    const [list, usage] = await Promise.all([service.list(search, view.origin), service.usage()])
    return { wish, list, usage }
  }

  async function filesOf(query: URLSearchParams) {
    const wish = readFilesWish(query)
    const [list, totals] = await Promise.all([
      files.list({ ...wish, limit: PER_PAGE }),
      files.totals(),
    ])
    return { wish, list, totals, limit: settings().files_max_mb * MB }
  }

  /** What is left after a change, in the page that asked for it. */
  async function galleryAfter(view: View, said: Html): Promise<Html | Response> {
    if (!view.isHtmx) return redirect(GALLERY, view)
    return html`${galleryPart(view, await galleryOf(view, queryOf(view)))}${said}`
  }

  return new Elysia({ detail: { hide: true } })
    .get(
      GALLERY,
      handlers.page(async (view, request) =>
        galleryPage(view, await galleryOf(view, new URL(request.url).searchParams)),
      ),
    )
    .get(
      `${GALLERY}/content/:name`,
      handlers.page((_, request, { name }: { readonly name: string }) => showKept(request, name)),
    )
    .post(
      `${GALLERY}/delete`,
      handlers.page(async (view, request) => {
        const names = (await readForm(request)).getAll('name')
        if (names.length === 0) throw nothingSelected(view)
        return galleryAfter(view, removed(view, await service.remove(view.operator, names)))
      }),
      UNREAD,
    )
    .post(
      `${GALLERY}/clear`,
      handlers.page(async (view, request) => {
        const sort = readSort((await readForm(request)).get('sort'))
        return galleryAfter(view, removed(view, await service.clear(view.operator, sort)))
      }),
      UNREAD,
    )
    .post(
      `${GALLERY}/clean`,
      handlers.page(async (view) => {
        const say = mediaWords[view.language]
        const isBegun = await service.clean(view.operator)
        if (!view.isHtmx) return redirect(GALLERY, view)
        return notice(isBegun ? say.cleaningBegun : say.cleaningRuns)
      }),
      UNREAD,
    )
    .get(
      FILES,
      handlers.page(async (view, request) =>
        filesPage(view, await filesOf(new URL(request.url).searchParams)),
      ),
    )
    .post(
      `${FILES}/delete`,
      handlers.page(async (view, request) => {
        const ids = (await readForm(request)).getAll('id')
        if (ids.length === 0) throw nothingSelected(view)
        const said = removed(view, await files.remove(view.operator, ids))
        if (!view.isHtmx) return redirect(FILES, view)
        return html`${filesPart(view, await filesOf(queryOf(view)))}${said}`
      }),
      UNREAD,
    )
}

const UNREAD = { parse: 'none' } as const

/** @throws ApiError when it is none */
export function readSort(given: unknown): MediaSort | 'all' {
  if (given === 'image' || given === 'video' || given === 'all') return given
  throw new ApiError('invalid_value', "'sort' must be image, video or all.", { param: 'sort' })
}

/** What the page is about that somebody looks at. */
const queryOf = ({ address }: View): URLSearchParams =>
  new URLSearchParams(address.split('?', 2)[1] ?? '')

function readFilesWish(query: URLSearchParams): FilesWish {
  const after = readPlace(query.get('after'))
  return {
    text: (query.get('q') ?? '').trim().slice(0, 200),
    order: FILE_ORDERS.find((one) => one === query.get('order')) ?? 'size',
    keyId: query.get('key') || undefined,
    after: after && { rank: after.rank, id: after.name },
  }
}

function removed(view: View, { deleted, bytes: size, hasMore }: Removal): Html {
  const say = mediaWords[view.language]
  const told = say.deleted(count(view, deleted), bytes(view, size))
  return notice(hasMore ? `${told} ${say.more}` : told)
}

const nothingSelected = (view: View): ApiError =>
  new ApiError('invalid_value', mediaWords[view.language].nothingSelected, { param: 'name' })
