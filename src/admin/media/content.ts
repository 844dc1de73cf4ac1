import { ApiError } from '../../errors'
import { isMediaName } from '../../media/kind'
import type { ObjectStore } from '../../media/object-store'
import { isKnown, isSameVersion, readRange } from '../../media/range'
import type { MediaRows } from '../../store/media'

interface ContentParts {
  readonly media: Pick<MediaRows, 'find'>
  readonly objects: Pick<ObjectStore, 'open'>
}

/** What keeps a browser from running anything of it, whatever it is. */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
}

/** So much of the hash tells one version from another. */
const ETAG_DIGITS = 32

/**
 * Shows an operator what is kept, by its name alone. Nothing is fetched for it, and it does not count as
 * used: whoever looks through everything changes nothing of what goes first.
 */
export const createKeptContent =
  ({ media, objects }: ContentParts) =>
  /** @throws ApiError 404 when it is not here, 416 */
  async (request: Request, name: string): Promise<Response> => {
    const row = isMediaName(name) ? await media.find(name) : undefined
    if (!row || row.bytes === null || row.hash === null) throw notKept(name)
    const { bytes, hash, mime, createdAt } = row
    const version = { etag: `"${hash.slice(0, ETAG_DIGITS)}"`, modifiedAt: createdAt }
    const headers = new Headers({
      ...INERT,
      etag: version.etag,
      'last-modified': new Date(createdAt).toUTCString(),
      'cache-control': 'private, max-age=3600',
      'accept-ranges': 'bytes',
    })
    if (isKnown(request.headers, version)) return new Response(null, { status: 304, headers })
    const wanted = isSameVersion(request.headers, version)
      ? readRange(request.headers.get('range'), bytes)
      : ({ is: 'whole' } as const)
    if (wanted.is === 'nothing')
      throw new ApiError('range_not_satisfiable', `It has ${bytes} bytes, and none of that range.`)
    const { from, to } = wanted.is === 'part' ? wanted : { from: 0, to: bytes }
    const body = await objects.open(name, from, to)
    if (!body) throw notKept(name)
    headers.set('content-type', mime ?? 'application/octet-stream')
    headers.set('content-disposition', `inline; filename="${name}"`)
    headers.set('content-length', String(to - from))
    if (wanted.is === 'part') headers.set('content-range', `bytes ${from}-${to - 1}/${bytes}`)
    return new Response(body, { status: wanted.is === 'part' ? 206 : 200, headers })
  }

const notKept = (name: string) =>
  new ApiError('not_found', `Nothing is kept here under '${name.slice(0, 100)}'.`)
