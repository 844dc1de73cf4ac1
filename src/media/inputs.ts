import { ApiError } from '../errors'
import type { FetchGuard } from '../net/fetch-guard'
import { inParallel } from '../parallel'
import type { Settings } from '../store/settings'
import { measure } from '../stream/picture-size'
import { sniff } from '../stream/sniff'
import { isAddress, readInline, tooLarge } from '../turn/inline-bytes'
import type { PictureInput } from '../turn/picture'
import type { ReadOwn } from './own-address'

/** Where a client's picture comes from: a form, an address or `data:` URL, or a file that it has uploaded. */
export type PictureSource =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string }
  | { readonly url: string }
  | { readonly fileId: string }

/** A picture of a request, and the field that brings it. */
export interface PictureField {
  readonly source: PictureSource
  readonly param: string
}

interface LoadTerms {
  /** Whose files may be read. */
  readonly keyId: string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  /** Where addresses of ours begin for the client: what is there need not be fetched. */
  readonly origin: string
}

/** A file that a client has uploaded. */
interface UploadedFile {
  readonly filename: string
}

interface InputParts<F extends UploadedFile> {
  readonly fetchPublic: FetchGuard
  readonly settings: () => Settings
  readonly files: {
    find(keyId: string, id: string): Promise<F | undefined>
    readAll(file: F, most: number, param?: string): Promise<Uint8Array<ArrayBuffer>>
  }
  readonly readOwn: ReadOwn
}

/** What one picture of a client's may weigh, in bytes, and a video that goes along within a request. */
export const MOST_INPUT_BYTES = 50 * 1024 * 1024
/** A small file may say that it is a picture of any size, and whoever unpacks it has to believe that. */
export const MOST_PIXELS = 100_000_000
/** How many of the largest that is fetched may come together. */
const MOST_OF_LARGEST = 4

const FORMATS: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif'])

/** Loads the pictures that a request brings, whatever form they come in, once for all that they are for. */
export function createInputs<F extends UploadedFile>(parts: InputParts<F>) {
  const { fetchPublic, settings, files, readOwn } = parts

  async function read(
    source: PictureSource,
    param: string,
    { keyId, signal, origin }: LoadTerms,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string }> {
    if ('bytes' in source) return source
    if ('url' in source) {
      const { url } = source
      if (!isAddress(url))
        return { bytes: readInline(url, MOST_INPUT_BYTES, param).bytes, name: '' }
      const { fetch_max_bytes, fetch_timeout_ms: timeoutMs } = settings()
      const terms = { timeoutMs, signal, param }
      const own = await readOwn(url, { ...terms, maxBytes: MOST_INPUT_BYTES, origin })
      if (own) return { bytes: own, name: '' }
      const maxBytes = Math.min(fetch_max_bytes, MOST_INPUT_BYTES)
      const bytes = await fetchPublic(url, { ...terms, maxBytes })
      return { bytes, name: '' }
    }
    const file = await files.find(keyId, source.fileId)
    if (!file) throw noFile(source.fileId, param)
    return { bytes: await files.readAll(file, MOST_INPUT_BYTES, param), name: file.filename }
  }

  /** @throws ApiError 400 that names the field, for what is not to be had or is no picture */
  async function load(
    source: PictureSource,
    { param, ...terms }: LoadTerms & { readonly param: string },
  ): Promise<PictureInput> {
    const { bytes, name } = await read(source, param, terms)
    if (bytes.length > MOST_INPUT_BYTES) throw tooLarge(MOST_INPUT_BYTES, param)
    const { mime, extension } = formatOf(bytes, param)
    return { bytes, mime, name: safeName(name) || `image.${extension}`, param }
  }

  return {
    load,

    /** The same for several, in their order. */
    async loadAll(
      fields: readonly PictureField[],
      { signal, ...terms }: LoadTerms,
    ): Promise<readonly PictureInput[]> {
      const { fetch_max_bytes, max_body_bytes, uploads_at_once } = settings()
      const budget = Math.max(max_body_bytes, fetch_max_bytes * MOST_OF_LARGEST)
      let left = budget
      const loaded: PictureInput[] = []
      const abort = new AbortController()
      const either = AbortSignal.any([signal, abort.signal])
      const one = async ([at, { source, param }]: [number, PictureField]) => {
        const picture = await load(source, { ...terms, param, signal: either })
        left -= picture.bytes.length
        if (left < 0) throw tooLarge(budget, param)
        loaded[at] = picture
      }
      const orEnd = (entry: [number, PictureField]) =>
        one(entry).catch((cause) => {
          abort.abort()
          throw cause
        })
      await inParallel(fields.entries(), uploads_at_once, orEnd, either)
      if (signal.aborted) throw new ApiError('client_gone', 'The client left.')
      return loaded
    },
  }
}

export type Inputs = ReturnType<typeof createInputs>

/** What a picture is, by its bytes alone. */
function formatOf(bytes: Uint8Array, param: string) {
  if (bytes.length === 0) throw refused(param, 'holds nothing', 'empty_file')
  const content = sniff(bytes)
  if (!content || !FORMATS.has(content.mime))
    throw refused(param, 'is no picture: send png, jpeg, webp or gif', 'invalid_image_format')
  const size = measure(bytes)
  if (!size) throw refused(param, 'is a picture that is cut off or damaged', 'invalid_image')
  if (size.width * size.height > MOST_PIXELS)
    throw refused(param, `has more than ${MOST_PIXELS / 1e6} million pixels`, 'image_too_large')
  return content
}

const refused = (param: string, why: string, upstreamCode: string): ApiError =>
  new ApiError('invalid_value', `'${param}' ${why}.`, { param, upstreamCode })

const noFile = (id: string, param: string): ApiError =>
  new ApiError('file_not_found', `There is no file '${id.slice(0, 100)}' of this API key.`, {
    param,
  })

const LONGEST_NAME = 200

/** A name without a path, and without what no name has. */
const safeName = (name: string): string =>
  (name.split(/[/\\]/).at(-1) ?? '').replaceAll(/[\p{Cc}"]/gu, '').slice(-LONGEST_NAME)
