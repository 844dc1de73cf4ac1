import { ApiError } from '../../errors'
import type { ReadOwn } from '../../media/own-address'
import type { FetchGuard } from '../../net/fetch-guard'
import { asFault } from '../../net/http'
import { inParallel } from '../../parallel'
import type { Settings } from '../../store/settings'
import { type Content, sniff } from '../../stream/sniff'
import { isAddress, readInline, tooLarge } from '../../turn/inline-bytes'
import type { PictureInput } from '../../turn/picture'
import { linkedAbort } from '../linked-abort'
import { fieldOf } from '../param'
import type { Ask } from '../upstream'
import type { Attachable } from './attached'
import { type MediaSource, sourceOf } from './media-source'

interface AttachmentParts {
  readonly fetchPublic: FetchGuard
  readonly readOwn: ReadOwn
  readonly settings: () => Settings
}

/** A picture, a recording or a file, as it is to be uploaded. */
export interface Attachment {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mime: string
  readonly name: string
  readonly isPicture: boolean
  /** SHA-256 of its bytes. */
  readonly hash: string
  /** The field of the request that brought it. */
  readonly param: string
}

interface LoadTerms {
  /** Where addresses of ours begin for the client: what is there need not be fetched. */
  readonly origin: string
  readonly signal: AbortSignal
}

/** More than this in one message is no conversation. */
const MOST = 50
/** How many of the largest size may come together. */
const MOST_OF_LARGEST = 4

/**
 * Loads what hangs on a message: each once a turn, however many accounts are tried. What cannot be
 * had is the client's fault, never an account's.
 */
export function createAttachments({ fetchPublic, readOwn, settings }: AttachmentParts) {
  /** By the request, which is the same over all attempts. */
  const loaded = new WeakMap<object, Map<string, Attachment>>()

  async function read(source: MediaSource, { origin, signal }: LoadTerms): Promise<Attachment> {
    const { text, param } = source
    const { fetch_max_bytes: maxBytes, fetch_timeout_ms: timeoutMs } = settings()
    if (!isAddress(text)) {
      const { bytes, mime } = readInline(text, maxBytes, param)
      return describe(source, bytes, mime)
    }
    const limits = { maxBytes, timeoutMs, signal, param }
    const own = await readOwn(text, { ...limits, origin })
    const bytes = own ?? (await fetchPublic(text, limits))
    return describe(source, bytes)
  }

  return {
    /** @throws ApiError for what is not to be had, or is not what it is sent as */
    async load(
      parts: readonly Attachable[],
      ask: Ask,
      { origin, signal }: LoadTerms,
    ): Promise<readonly Attachment[]> {
      // Each is looked for in the whole request: not before it is clear that there are few.
      if (parts.length > MOST) throw tooMany(ask)
      const sources = parts.map((part) => sourceOf(part, ask))
      const known = loaded.get(ask.request) ?? new Map<string, Attachment>()
      loaded.set(ask.request, known)
      const missing = new Map(sources.map((source) => [source.text, source]))
      for (const text of known.keys()) missing.delete(text)
      const budget = settings().fetch_max_bytes * MOST_OF_LARGEST
      let left = budget
      for (const { bytes } of known.values()) left -= bytes.length
      const abort = linkedAbort(signal)
      const add = async (source: MediaSource) => {
        const attachment = await read(source, { origin, signal: abort.signal })
        left -= attachment.bytes.length
        if (left < 0) throw tooLarge(budget, source.param)
        known.set(source.text, attachment)
      }
      const work = (source: MediaSource) =>
        add(source).catch((cause) => {
          abort.abort()
          throw cause
        })
      await inParallel(missing.values(), settings().uploads_at_once, work, abort.signal)
      if (signal.aborted) throw asFault(signal.reason, signal)
      return sources.flatMap(({ text }) => known.get(text) ?? [])
    },
  }
}

const tooMany = (ask: Ask) =>
  new ApiError('invalid_value', `A message has ${MOST} pictures and files at most.`, {
    param: fieldOf(ask),
  })

async function describe(
  { part, text, param }: MediaSource,
  bytes: Uint8Array<ArrayBuffer>,
  declared?: string,
): Promise<Attachment> {
  if (bytes.length === 0) throw isNot('content', param, 'empty_file')
  const found = sniff(bytes)
  if (part.type === 'image' && found?.sort !== 'image') throw isNot('picture', param)
  if (part.type === 'audio' && found && !isSound(found)) throw isNot('recording', param)
  const said = part.type === 'audio' ? `audio/${part.format}` : declared
  const named = part.type === 'file' ? (part.filename ?? nameIn(text)) : undefined
  const extension = found?.extension ?? (part.type === 'audio' ? part.format : 'bin')
  return {
    bytes,
    mime: found && isExact(found) ? found.mime : (believed(said) ?? found?.mime ?? BINARY),
    name: safeName(named) || `${part.type}.${extension}`,
    isPicture: found?.sort === 'image',
    hash: await hashOf(bytes),
    param,
  }
}

/** A picture of a request for pictures or videos, as it is to be uploaded. */
export const attachPicture = async (picture: PictureInput): Promise<Attachment> => ({
  ...picture,
  isPicture: true,
  hash: await hashOf(picture.bytes),
})

const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()

const BINARY = 'application/octet-stream'

/** Some recordings come in what may hold a video too. */
const isSound = ({ sort }: Content): boolean => sort === 'audio' || sort === 'video'

/** Whether bytes tell all: what a text or an archive is for, they do not. */
const isExact = ({ sort, mime }: Content): boolean => sort !== 'text' && mime !== 'application/zip'

/** What a client says of something that does not look like what it says is not believed. */
const believed = (mime: string | undefined): string | undefined =>
  mime && !/^(?:image|video)\//.test(mime) ? mime : undefined

const isNot = (what: string, param: string, upstreamCode?: string): ApiError =>
  new ApiError('invalid_value', `'${param}' holds no ${what}.`, { param, upstreamCode })

/** The last part of an address's path. */
const nameIn = (text: string): string | undefined =>
  isAddress(text) ? URL.parse(text)?.pathname.split('/').at(-1) : undefined

const LONGEST_NAME = 200

/** A name without a path, and without what no name has. */
const safeName = (name = ''): string =>
  (name.split(/[/\\]/).at(-1) ?? '').replaceAll(/[\p{Cc}"]/gu, '').slice(-LONGEST_NAME)
