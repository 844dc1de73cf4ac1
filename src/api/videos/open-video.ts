import { ApiError } from '../../errors'
import type { Files } from '../../media/files'
import { MOST_INPUT_BYTES } from '../../media/inputs'
import type { Links } from '../../media/links'
import type { LoadOwn } from '../../media/own-address'
import type { Settings } from '../../store/settings'
import { sniff } from '../../stream/sniff'
import { isAddress, readInline } from '../../turn/inline-bytes'
import type { PictureInput } from '../../turn/picture'
import type { VideoSource } from './sources'

interface OpenParts {
  readonly files: Pick<Files, 'find' | 'readAll'>
  readonly loadOwn: LoadOwn
  readonly links: Pick<Links, 'check'>
  readonly settings: () => Settings
}

/** Whose video it may be. */
interface OpenTerms {
  readonly keyId: string
  /** Where addresses of ours begin. */
  readonly origin: string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

const PARAM = 'video'
/** As long as addresses are that are fetched here. */
const LONGEST_ADDRESS = 8_192
const OWN = /\/videos\/([\da-f]{32}\.[a-z\d]+)$/

/**
 * Opens videos that are to be changed: the bytes of what is here, and the address of what the upstream
 * can fetch by itself.
 */
export function createOpenVideo({ files, loadOwn, links, settings }: OpenParts) {
  async function bytesOf(
    source: VideoSource,
    { keyId, origin, signal }: OpenTerms,
  ): Promise<Uint8Array<ArrayBuffer> | string> {
    if ('bytes' in source) return source.bytes
    if ('fileId' in source) {
      const file = await files.find(keyId, source.fileId)
      if (file) return files.readAll(file, MOST_INPUT_BYTES, PARAM)
      throw new ApiError('file_not_found', 'There is no such file of this API key.', {
        param: PARAM,
      })
    }
    const { url } = source
    if (!isAddress(url)) return readInline(url, MOST_INPUT_BYTES, PARAM).bytes
    if (url.length > LONGEST_ADDRESS) throw refused(`is longer than ${LONGEST_ADDRESS} characters`)
    const address = URL.parse(url)
    if (address?.protocol !== 'http:' && address?.protocol !== 'https:')
      throw refused('must be an address that begins with https://')
    const [, name] =
      (address.origin === URL.parse(origin)?.origin && OWN.exec(address.pathname)) || []
    if (name === undefined) return url
    const link = await links.check(name, 'video', address.searchParams)
    if (!link.isGood) throw refused(`cannot be opened. ${link.why}`)
    const { fetch_timeout_ms: timeoutMs } = settings()
    return loadOwn(name, { maxBytes: MOST_INPUT_BYTES, timeoutMs, signal, param: PARAM })
  }

  /** @throws ApiError for what is no video, or not to be had */
  return async (
    source: VideoSource,
    terms: OpenTerms,
  ): Promise<PictureInput | { readonly url: string }> => {
    const found = await bytesOf(source, terms)
    if (typeof found === 'string') return { url: found }
    if (found.length > MOST_INPUT_BYTES) throw refused(`is larger than ${MOST_INPUT_BYTES} bytes`)
    const content = sniff(found)
    if (content?.sort !== 'video') throw refused('is no video')
    const { mime, extension } = content
    return { bytes: found, mime, name: `video.${extension}`, param: PARAM }
  }
}

export type OpenVideo = ReturnType<typeof createOpenVideo>

const refused = (why: string): ApiError =>
  new ApiError('invalid_value', `'${PARAM}' ${why}.`, { param: PARAM })
