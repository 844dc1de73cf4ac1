import type { WebAccount } from './accounts'
import type { Belongings } from './belongings'
import { type Check, faultsOf, isObject, type Json, oneOf, type Shape, text } from './checks'
import type { Library } from './library'
import type { Call } from './records'
import { refusals } from './refusals'

interface Parts {
  readonly belongings: Belongings
  readonly library: Library
  readonly assetsUrl: string
  readonly url: () => string
}

/** How much an upload may have, and with what it is refused above. */
export interface UploadLimit {
  readonly bytes: number
  readonly status: 403 | 413
}

const base64: Check = (value) =>
  typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? undefined
    : 'must be base64'

const UPLOAD: Shape = { known: { fileName: text, fileMimeType: text, content: base64 } }

const mediaType = oneOf(['MEDIA_POST_TYPE_IMAGE', 'MEDIA_POST_TYPE_VIDEO'])
const POST: Shape = {
  known: {
    ...{ mediaType, mediaUrl: text, prompt: text },
    ...{ media_type: mediaType, media_url: text },
  },
  required: [],
}
const LINK: Shape = {
  known: { postId: text, source: oneOf(['post-page']), platform: oneOf(['web']) },
}
const UPSCALE: Shape = { known: { videoId: text } }

const readToken = (token: string | null): number =>
  Number(Buffer.from(token ?? '', 'base64').toString()) || 0

/** Uploads, media posts, links, upscaling and the list of assets. */
export function createFiles({ belongings, library, assetsUrl, url }: Parts) {
  let limit: UploadLimit | undefined
  let repeatsToken = false

  /** Write down what is wrong, and answer as the site does; undefined when nothing is. */
  function wrong(call: Call, shape: Shape): Response | undefined {
    const faults = faultsOf(call.body, shape)
    call.complaints.push(...faults)
    return faults.length > 0 ? refusals.invalid(faults.join('; ')) : undefined
  }

  function missing(call: Call, what: string): Response {
    call.complaints.push(`${what} is not there, or another account's`)
    return refusals.missing(`Not found: ${what}`)
  }

  function tooLarge(size: number): Response | undefined {
    if (!limit || size <= limit.bytes) return undefined
    return limit.status === 413 ? refusals.tooLarge() : refusals.challengedEmpty()
  }

  function referer(call: Call, right: RegExp): void {
    if (!right.test(call.headers.get('referer') ?? ''))
      call.complaints.push(`the referer must match ${right}`)
  }

  const json = (body: unknown): Response => Response.json(body)

  return {
    limitUploads(next: UploadLimit | undefined): void {
      limit = next
    },
    /** Give the same page token for ever, as the site may. */
    repeatPageToken(next: boolean): void {
      repeatsToken = next
    },

    upload(call: Call, { userId }: WebAccount): Response {
      const refused = wrong(call, UPLOAD)
      if (refused) return refused
      const { content, fileMimeType, fileName } = call.body as Record<string, string>
      const bytes = Uint8Array.from(Buffer.from(String(content), 'base64'))
      const large = tooLarge(String(content).length)
      if (large) return large
      const uploaded = library.upload(userId, bytes, String(fileMimeType))
      return json({ ...uploaded, fileMimeType, fileName, createTime: new Date().toISOString() })
    },

    async uploadParts(call: Call, { userId }: WebAccount): Promise<Response> {
      const { file, ...rest } = isObject(call.body) ? call.body : {}
      const faults = faultsOf(rest, { known: { file_source: text }, required: [] })
      if (!(file instanceof File)) faults.push('the part file is missing')
      else if (!file.name || !file.type) faults.push('the file has no name or content type')
      call.complaints.push(...faults)
      if (!(file instanceof File) || faults.length > 0) return refusals.invalid(faults.join('; '))
      const large = tooLarge(file.size)
      if (large) return large
      const fileMetadata = library.upload(userId, await file.bytes(), file.type)
      return json({ uploadId: crypto.randomUUID(), fileMetadata, terminalError: null })
    },

    post(call: Call, account: WebAccount): Response {
      const refused = wrong(call, POST)
      if (refused) return refused
      referer(call, /\/imagine$/)
      const body = call.body as Json
      const type = body.mediaType ?? body.media_type
      const mediaUrl = body.mediaUrl ?? body.media_url
      const isPicture = type === 'MEDIA_POST_TYPE_IMAGE'
      if (isPicture ? mediaUrl === undefined : !type || body.prompt === undefined) {
        call.complaints.push('a picture has a mediaUrl, a film a prompt')
        return refusals.invalid('mediaType, mediaUrl or prompt is missing')
      }
      if (mediaUrl !== undefined && !belongings.ownsUrl(account, String(mediaUrl)))
        return missing(call, String(mediaUrl))
      const id = library.post(account.userId)
      return json({
        post: { id, mediaType: type, mediaUrl, prompt: body.prompt, userId: account.userId },
      })
    },

    link(call: Call, { userId }: WebAccount): Response {
      const refused = wrong(call, LINK)
      if (refused) return refused
      const { postId } = call.body as Record<string, string>
      if (!library.ownsPost(userId, String(postId))) return missing(call, `the post ${postId}`)
      return json({ shareLink: `${url()}/imagine/post/${postId}` })
    },

    upscale(call: Call, { userId }: WebAccount): Response {
      const refused = wrong(call, UPSCALE)
      if (refused) return refused
      const { videoId } = call.body as Record<string, string>
      const path = library.upscale(userId, String(videoId))
      return path ? json({ hdMediaUrl: `${assetsUrl}/${path}` }) : missing(call, `film ${videoId}`)
    },

    list(call: Call, { userId }: WebAccount): Response {
      referer(call, /\/files$/)
      const known = ['pageSize', 'orderBy', 'source', 'isLatest', 'pageToken']
      for (const name of call.query.keys())
        if (!known.includes(name)) call.complaints.push(`${name} is not known`)
      const size = Number(call.query.get('pageSize') ?? 50)
      const from = readToken(call.query.get('pageToken'))
      const listed = library.listed(userId)
      const assets = listed.slice(from, from + size).map(({ assetId, path, type, source }) => ({
        ...{ assetId, mimeType: type, name: path.split('/').at(-1), sizeBytes: source.size },
        key: path,
      }))
      const next = from + size < listed.length ? btoa(String(from + size)) : ''
      return json({ assets, nextPageToken: repeatsToken ? btoa(String(size)) : next })
    },

    remove(call: Call, { userId }: WebAccount, assetId: string): Response {
      referer(call, /\/files$/)
      return library.remove(userId, assetId) ? json({}) : missing(call, `the asset ${assetId}`)
    },
  }
}

export type Files = ReturnType<typeof createFiles>
