import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { FILE_ORDERS, type FoundFile } from '../../store/file-search'
import { MEDIA_ORDERS, MEDIA_SORTS } from '../../store/media-search'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { createFilesService } from './files'
import { ClearMedia, FileDeleted, FileList, MediaDeleted, MediaList, MediaStats } from './schema'
import { partOf, placeText, readPlace } from './search'
import { createMediaService, type MediaUsage, type Removal, type ShownMedia } from './service'

const SIZES = { most: 200, usual: 50 }
const MB = 1024 * 1024

/** `/admin/api/media` and `/admin/api/files` */
export function mediaApi(parts: AdminParts) {
  const { handlers, settings, viewOf } = parts
  const service = createMediaService(parts)
  const files = createFilesService(parts)

  return new Elysia({ prefix: '/admin/api', tags: ['Admin: media'] })
    .get(
      '/media',
      handlers.api(async (_, request) => {
        const query = new URL(request.url).searchParams
        const { items, last } = await service.list(
          {
            sort: oneOf(query, 'sort', MEDIA_SORTS),
            isKept: readBoolean(query, 'kept'),
            accountId: query.get('account') || undefined,
            text: partOf(query.get('search') ?? ''),
            order: oneOf(query, 'order', MEDIA_ORDERS) ?? 'used',
            limit: readLimit(query),
            after: readPlace(query.get('after')),
          },
          viewOf(request).origin,
        )
        return listBody(items.map(mediaBody), last && placeText(last))
      }),
      {
        detail: adminOperation({
          operationId: 'adminListMedia',
          summary: 'List pictures and videos',
          parameters: [
            query('sort', 'Pictures or videos only.', { enum: MEDIA_SORTS }),
            query('kept', 'Only what is here, or only what is not.', { type: 'boolean' }),
            query('account', 'The id of the account that made them.'),
            query('search', 'A part of the name or of the model, or a whole address.'),
            query('order', 'By last use, by time, or by size.', {
              enum: MEDIA_ORDERS,
              default: 'used',
            }),
            ...PAGING,
          ],
          answers: { 200: answers('A part of them.', MediaList), 400: WRONG },
        }),
      },
    )
    .get(
      '/media/stats',
      handlers.api(async () => {
        const [usage, total] = await Promise.all([service.usage(), files.totals()])
        return {
          object: 'media.stats',
          image: usageBody(usage.image),
          video: usageBody(usage.video),
          files: { ...total, limit_bytes_per_key: settings().files_max_mb * MB },
        }
      }),
      {
        detail: adminOperation({
          operationId: 'adminGetMediaStats',
          summary: 'What is kept, and how much may be',
          answers: { 200: answers('The sums.', MediaStats) },
        }),
      },
    )
    .post(
      '/media/clear',
      handlers.api(async (operator, request) => {
        const { sort } = await readJson(request, ClearMedia)
        return removalBody(await service.clear(operator, sort))
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'adminClearMedia',
          summary: 'Delete all pictures, all videos, or both',
          description: 'Their addresses stop working for good.',
          body: ClearMedia,
          answers: { 200: answers('What was deleted.', MediaDeleted), 400: WRONG },
        }),
      },
    )
    .delete(
      '/media/:name',
      handlers.api(async (operator, _, { name }: { readonly name: string }) => {
        const removal = await service.remove(operator, [name])
        if (removal.deleted === 0) throw noSuch(`picture or video '${name.slice(0, 100)}'`)
        return removalBody(removal)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'adminDeleteMedia',
          summary: 'Delete a picture or a video',
          parameters: [pathParameter('name', '0f8fad5bd9cb469fa16570867728950e.jpg')],
          answers: { 200: answers('What was deleted.', MediaDeleted), 404: MISSING },
        }),
      },
    )
    .get(
      '/files',
      handlers.api(async (_, request) => {
        const query = new URL(request.url).searchParams
        const after = readPlace(query.get('after'))
        const { items, last } = await files.list({
          keyId: query.get('key') || undefined,
          text: query.get('search') ?? '',
          order: oneOf(query, 'order', FILE_ORDERS) ?? 'size',
          limit: readLimit(query),
          after: after && { rank: after.rank, id: after.name },
        })
        return listBody(items.map(fileBody), last && `${last.rank}.${last.id}`)
      }),
      {
        detail: adminOperation({
          operationId: 'adminListFiles',
          summary: 'List the files of all keys',
          parameters: [
            query('key', 'The id of the key whose they are.'),
            query('search', 'A part of the name, or an id.'),
            query('order', 'By size or by time.', { enum: FILE_ORDERS, default: 'size' }),
            ...PAGING,
          ],
          answers: { 200: answers('A part of them.', FileList), 400: WRONG },
        }),
      },
    )
    .delete(
      '/files/:id',
      handlers.api(async (operator, _, { id }: { readonly id: string }) => {
        const { deleted } = await files.remove(operator, [id])
        if (deleted === 0) throw noSuch(`file '${id.slice(0, 100)}'`)
        return { object: 'file.deleted', id, deleted: true }
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'adminDeleteFile',
          summary: 'Delete a file, whosever it is',
          parameters: [pathParameter('id', 'file-…')],
          answers: { 200: answers('It is gone.', FileDeleted), 404: MISSING },
        }),
      },
    )
}

const query = (
  name: string,
  description: string,
  schema: {
    readonly type?: string
    readonly enum?: readonly string[]
    readonly default?: string
  } = {},
) => ({
  ...{ name, in: 'query' as const, description },
  schema: { type: 'string', ...schema } as { type: 'string' },
})

const PAGING = [
  {
    ...query('limit', 'How many at most.'),
    schema: { type: 'integer' as const, minimum: 1, maximum: SIZES.most, default: SIZES.usual },
  },
  query('after', 'The `next` of the page before.'),
]

const WRONG = failure('Something cannot be read.', 'invalid_value', "'order' must be used.")
const MISSING = failure('There is none.', 'not_found', "There is no file 'file-1'.")

function oneOf<T extends string>(
  query: URLSearchParams,
  name: string,
  known: readonly T[],
): T | undefined {
  const given = query.get(name)
  if (!given) return
  const found = known.find((one) => one === given)
  if (found !== undefined) return found
  throw new ApiError('invalid_value', `'${name}' must be one of ${known.join(', ')}.`, {
    param: name,
  })
}

function readLimit(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? SIZES.usual)
  if (Number.isInteger(limit) && limit >= 1 && limit <= SIZES.most) return limit
  throw new ApiError('invalid_value', `'limit' must be a whole number from 1 to ${SIZES.most}.`, {
    param: 'limit',
  })
}

function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const said = oneOf(query, name, ['true', 'false'])
  return said === undefined ? undefined : said === 'true'
}

const noSuch = (what: string) => new ApiError('not_found', `There is no ${what}.`)

const seconds = (ms: number): number => Math.floor(ms / 1000)

const listBody = (data: readonly unknown[], next: string | undefined) => ({
  object: 'list',
  data,
  has_more: next !== undefined,
  next: next ?? null,
})

const mediaBody = (one: ShownMedia) => ({
  object: 'media',
  ...{ name: one.name, sort: one.sort, url: one.url },
  ...{ kept: one.bytes !== null, fetchable: one.canFetch, mime: one.mime, bytes: one.bytes },
  ...{ account_id: one.accountId, account: one.account ?? null, model: one.model },
  ...{ key_id: one.keyId, created_at: seconds(one.createdAt), used_at: seconds(one.usedAt) },
})

const fileBody = (file: FoundFile) => ({
  object: 'file',
  ...{ id: file.id, filename: file.filename, purpose: file.purpose, mime: file.mime },
  ...{ bytes: file.bytes, key_id: file.keyId, key: file.keyName },
  created_at: seconds(file.createdAt),
  expires_at: file.expiresAt === null ? null : seconds(file.expiresAt),
})

const usageBody = ({ known, stored, bytes, limit }: MediaUsage) => ({
  ...{ known, kept: stored, bytes },
  limit_bytes: limit,
})

const removalBody = ({ deleted, bytes, hasMore }: Removal) => ({
  object: 'media.deleted',
  ...{ deleted, bytes },
  has_more: hasMore,
})
