import { ApiError } from '../../errors'
import { notThere } from '../../media/flights'
import { isMediaName } from '../../media/kind'
import type { FOLDERS, Links } from '../../media/links'
import { isKnown, isSameVersion, readRange, type Version } from '../../media/range'
import type { MediaView } from '../../media/view'

interface ServedMediaParts {
  readonly open: (name: string) => Promise<MediaView>
  readonly links: Links
  readonly now: () => number
}

type Sort = keyof typeof FOLDERS

const YEAR_S = 31_536_000

/** So much of the hash tells one version from another. */
const ETAG_DIGITS = 32

/** A browser that is led to a video plays it in a page of its own making, with styles and the video itself. */
const POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

/** What keeps a browser from running anything of it, whatever it is. */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': POLICY,
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-allow-origin': '*',
}

/** Serves pictures and videos to whoever knows their names. */
export function createServedMedia({ open, links, now }: ServedMediaParts) {
  /** @throws ApiError when an address has ended, or never was good */
  async function admit(request: Request, sort: Sort, name: string): Promise<number | undefined> {
    if (!isMediaName(name)) throw notThere(name)
    const check = await links.check(name, sort, new URL(request.url).searchParams)
    if (check.isGood) return check.until
    throw new ApiError('link_expired', check.why)
  }

  /** As it is for this request: what its range needs to know has to be known first. */
  async function see(name: string, sort: Sort, needsSize: boolean): Promise<MediaView> {
    const view = await open(name)
    if (view.sort !== sort) throw notThere(name)
    return needsSize && view.bytes === undefined ? view.settled() : view
  }

  async function bodyOf(view: MediaView, from: number, to: number | undefined, isFile: boolean) {
    const file = isFile && to !== undefined ? await view.file(from, to) : undefined
    return file ?? view.read(from, to)
  }

  return async (request: Request, sort: Sort, name: string): Promise<Response> => {
    const until = await admit(request, sort, name)
    const range = request.headers.get('range')
    const view = await see(name, sort, range !== null)
    const version: Version = {
      etag: view.hash && `"${view.hash.slice(0, ETAG_DIGITS)}"`,
      modifiedAt: view.createdAt,
    }
    const headers = new Headers({
      ...INERT,
      'last-modified': new Date(version.modifiedAt).toUTCString(),
      'cache-control': lifeOf(until, now()),
      'accept-ranges': 'bytes',
    })
    if (version.etag) headers.set('etag', version.etag)
    if (isKnown(request.headers, version)) return new Response(null, { status: 304, headers })
    headers.set('content-type', view.mime)
    headers.set('content-disposition', `inline; filename="${name}"`)
    const { bytes } = view
    const wanted =
      bytes === undefined || !isSameVersion(request.headers, version)
        ? ({ is: 'whole' } as const)
        : readRange(range, bytes)
    if (wanted.is === 'nothing') throw unsatisfiable(bytes)
    if (wanted.is === 'part') {
      const { from, to } = wanted
      headers.set('content-range', `bytes ${from}-${to - 1}/${bytes}`)
      headers.set('content-length', String(to - from))
      return new Response(await bodyOf(view, from, to, true), { status: 206, headers })
    }
    if (bytes !== undefined) headers.set('content-length', String(bytes))
    // A whole file would be cut by the runtime, by a range that was ignored here.
    return new Response(await bodyOf(view, 0, bytes, range === null), { headers })
  }
}

export type ServedMedia = ReturnType<typeof createServedMedia>

const lifeOf = (until: number | undefined, now: number): string =>
  until === undefined
    ? `public, max-age=${YEAR_S}, immutable`
    : `public, max-age=${Math.min(Math.max(Math.floor((until - now) / 1000), 0), YEAR_S)}`

const unsatisfiable = (bytes: number | undefined): ApiError =>
  new ApiError('range_not_satisfiable', `It has ${bytes} bytes, and none of that range.`, {
    headers: { 'content-range': `bytes */${bytes}` },
  })
