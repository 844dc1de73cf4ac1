import { ApiError } from '../errors'

/** Bytes that came within a request, and what it calls them. */
interface Inline {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mime: string | undefined
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i

/** Whether a text is an address whose bytes are elsewhere, and no base64. */
export const isAddress = (text: string): boolean => SCHEME.test(text) && !isData(text)

const isData = (text: string): boolean => /^data:/i.test(text.slice(0, 5))

/**
 * Read a `data:` URL, or plain base64.
 *
 * @param most the most bytes that it may hold
 * @throws ApiError when it is neither, or too long
 */
export function readInline(text: string, most: number, param: string): Inline {
  if (!isData(text)) return { bytes: fromBase64(text, most, param), mime: undefined }
  const comma = text.indexOf(',')
  if (comma < 0) throw unreadable(param)
  const [type = '', ...parameters] = text.slice('data:'.length, comma).split(';')
  const data = text.slice(comma + 1)
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')
  return {
    bytes: isBase64 ? fromBase64(data, most, param) : fromText(data, most, param),
    mime: type.trim().toLowerCase() || undefined,
  }
}

function fromBase64(text: string, most: number, param: string): Uint8Array<ArrayBuffer> {
  if ((text.length * 3) / 4 > most + 3) throw tooLarge(most, param)
  try {
    const alphabet = /[-_]/.test(text) ? 'base64url' : 'base64'
    return Uint8Array.fromBase64(text, { alphabet })
  } catch {
    throw unreadable(param)
  }
}

function fromText(text: string, most: number, param: string): Uint8Array<ArrayBuffer> {
  try {
    const bytes = new TextEncoder().encode(decodeURIComponent(text))
    if (bytes.length <= most) return bytes
  } catch {
    throw unreadable(param)
  }
  throw tooLarge(most, param)
}

const unreadable = (param: string): ApiError =>
  new ApiError('invalid_value', `'${param}' is no address, no data: URL and no base64.`, { param })

/** What a request brings along that is more than is taken. */
export const tooLarge = (most: number, param: string): ApiError =>
  new ApiError('invalid_value', `'${param}' is larger than ${most} bytes.`, {
    param,
    upstreamCode: 'file_too_large',
  })
