import { type MultipartError, make, type PartInfo } from 'multipasta'
import { ApiError } from '../errors'
import { cleanFilename, readDisposition } from './disposition'

/** What a form holds, in the order of its body. Bytes belong to the file that was begun last. */
export type FormEvent =
  | { readonly type: 'field'; readonly name: string; readonly value: string }
  | { readonly type: 'file'; readonly file: FileInfo }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'file-end' }

/** What a form says of a file in it. */
export interface FileInfo {
  /** The name of the field. */
  readonly field: string
  /** Its last part only; '' where there is none. */
  readonly filename: string
  /** What its client takes it for, without parameters. */
  readonly type: string
}

interface FormRules {
  /** What all fields that are no files may weigh together, in bytes. */
  readonly maxFieldBytes: number
}

const MOST_PARTS = 100
const LONGEST_BOUNDARY = 200

/** Whether a body is a form with files in it, by its content type. */
export const isForm = (request: Request): boolean =>
  /^multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '')

/**
 * Reads the bytes of a form as they come.
 *
 * @throws ApiError 415 for what is no form, 400 for one without a boundary, and from `write` and `end`
 *   for one that is malformed, cut off or too large
 */
export function createFormParser(request: Request, { maxFieldBytes }: FormRules) {
  const boundary = boundaryOf(request)
  const events: FormEvent[] = []
  let failure: MultipartError | undefined
  let isDone = false
  let fieldBytes = 0

  const parser = make({
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
    maxParts: MOST_PARTS,
    maxFieldSize: maxFieldBytes,
    isFile,
    onField(info, value) {
      if (isDone || failure) return
      fieldBytes += value.length
      if (fieldBytes > maxFieldBytes) failure = { _tag: 'ReachedLimit', limit: 'MaxFieldSize' }
      events.push({ type: 'field', name: dispositionOf(info).name, value: UTF8.decode(value) })
    },
    onFile(info) {
      if (isDone || failure) return ignore
      const { name, filename = '' } = dispositionOf(info)
      const type = info.headers['content-type'] ? info.contentType : UNKNOWN
      const file = { field: name, filename: cleanFilename(filename), type }
      events.push({ type: 'file', file })
      return (bytes) => {
        if (!isDone && !failure)
          events.push(bytes ? { type: 'bytes', bytes } : { type: 'file-end' })
      }
    },
    onError(error) {
      if (!isDone) failure ??= error
    },
    onDone: () => {
      isDone = true
    },
  })

  // The parser must get a delimiter with the two bytes after it, or the end of a header, in one piece.
  const longestPiece = boundary.length + 6
  const firstDelimiter = boundary.length + 2
  let rest: Uint8Array = NOTHING
  let hasBegun = false

  function feed(bytes: Uint8Array): FormEvent[] {
    try {
      if (bytes.length > 0 && !isDone) parser.write(bytes)
    } catch (cause) {
      throw malformed(cause)
    }
    if (failure) throw refusalOf(failure, maxFieldBytes)
    return events.splice(0)
  }

  return {
    /** What is complete of it with these bytes. */
    write(chunk: Uint8Array): FormEvent[] {
      let bytes = rest.length === 0 ? chunk : joined([rest, chunk])
      if (!hasBegun) {
        rest = bytes
        if (bytes.length < longestPiece) return []
        hasBegun = true
        // By itself, since the parser copies the bytes that it begins with.
        feed(bytes.subarray(0, firstDelimiter))
        bytes = bytes.subarray(firstDelimiter)
      }
      const from = Math.max(0, bytes.length - longestPiece)
      const at = bytes.indexOf(CR, from)
      // A copy, since the chunk is somebody else's and may be large.
      rest = at === -1 ? NOTHING : bytes.slice(at)
      return feed(at === -1 ? bytes : bytes.subarray(0, at))
    },

    /** What was still open. @throws ApiError 400 for a form that is cut off */
    end(): FormEvent[] {
      const last = feed(rest)
      if (!isDone) throw new ApiError('invalid_value', 'The form is cut off: its end is missing.')
      return last
    },
  }
}

const CR = 13
const NOTHING = new Uint8Array(0)
const UNKNOWN = 'application/octet-stream'
const UTF8 = new TextDecoder()
const ignore = () => {}

function boundaryOf(request: Request): string {
  if (!isForm(request))
    throw new ApiError(
      'unsupported_media_type',
      'The body must be a form: send it as "multipart/form-data".',
    )
  const type = request.headers.get('content-type') ?? ''
  const [, quoted, bare] = /;\s*boundary=(?:"([^"\\]+)"|([^\s;"]+))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  if (
    boundary === undefined ||
    boundary.length > LONGEST_BOUNDARY ||
    !/^[ !#-[\]-~]+$/.test(boundary)
  )
    throw new ApiError(
      'invalid_value',
      'The header "Content-Type: multipart/form-data" must name the boundary of the form.',
    )
  return boundary
}

/** The parser's own reading takes names in Latin letters only. */
function dispositionOf(info: PartInfo) {
  const disposition = readDisposition(String(info.headers['content-disposition'] ?? ''))
  if (!disposition) throw malformed()
  return disposition
}

/** Some clients name the type of a picture and no file. */
const isFile = (info: PartInfo) =>
  dispositionOf(info).filename !== undefined ||
  !/^(?:text\/|application\/json)/.test(info.contentType)

/** Pieces of bytes as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const malformed = (cause?: unknown) =>
  new ApiError('invalid_value', 'The form cannot be read: one of its parts is malformed.', {
    cause,
  })

function refusalOf(error: MultipartError, maxFieldBytes: number): ApiError {
  if (error._tag !== 'ReachedLimit') return malformed(error)
  const message =
    error.limit === 'MaxParts'
      ? `The form has more than ${MOST_PARTS} parts.`
      : `The fields of the form are larger than ${maxFieldBytes} bytes.`
  return new ApiError('invalid_value', message)
}
