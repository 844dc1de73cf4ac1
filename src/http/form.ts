import { ApiError } from '../errors'
import { createFormParser, type FileInfo, joined } from './form-parser'
import type { Intake, IntakeLimits } from './intake'
import { readPieces } from './pieces'

export { isForm } from './form-parser'

/** A file within a form that was read as a whole. */
export interface FormFile extends FileInfo {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A form that was read as a whole, with the memory that it holds. */
export interface Form {
  /** What each field was set to, in order; a field that is not there has no entry. */
  readonly fields: Fields
  readonly files: readonly FormFile[]
  /** Gives the memory back. */
  readonly release: () => void
}

/** The fields of a form that are no files. */
export type Fields = ReadonlyMap<string, readonly string[]>

interface FormParts {
  readonly intake: Intake
  readonly limits: () => IntakeLimits
}

/** Makes a reader of forms that are small enough to be held in memory, files and all. */
export const createForms =
  ({ intake, limits }: FormParts) =>
  async (request: Request): Promise<Form> => {
    const { maxBytes, budgetBytes } = limits()
    const parser = createFormParser(request, { maxFieldBytes: maxBytes })
    const { body: bytes, release } = await intake.readBytes(request, { maxBytes, budgetBytes })
    try {
      const fields: OpenFields = new Map()
      const files: FormFile[] = []
      const pieces: Uint8Array<ArrayBuffer>[] = []
      for (const event of [...parser.write(bytes), ...parser.end()]) {
        if (event.type === 'field') add(fields, event.name, event.value)
        // What the parser hands on are views of the body.
        if (event.type === 'bytes') pieces.push(event.bytes as Uint8Array<ArrayBuffer>)
        if (event.type === 'file') files.push({ ...event.file, bytes: NOTHING })
        const file = files.at(-1)
        if (event.type === 'file-end' && file)
          files[files.length - 1] = { ...file, bytes: fileOf(pieces.splice(0)) }
      }
      return { fields, files, release }
    } catch (cause) {
      release()
      throw cause
    }
  }

export type Forms = ReturnType<typeof createForms>

/** Where a file goes while it comes. After `abort` nothing of it is left. */
export interface FileSink {
  /** Resolves when there is room for more. The bytes are the sink's: nobody reads them after it. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly abort: () => Promise<void>
}

export interface StreamTerms {
  /** A file begins: where it goes, or what speaks against it. */
  readonly onFile: (file: FileInfo) => Promise<FileSink>
  readonly maxFileBytes: number
  /** How long a client may take for the next part of a body, if other than usual. */
  readonly patienceMs?: number
}

const MOST_FIELD_BYTES = 1024 * 1024

/**
 * Hands the files of a form on as they come, no faster than their sinks take them, and gives its other
 * fields when all has come. Whatever goes wrong, the sinks were aborted then.
 */
export async function streamForm(
  request: Request,
  { onFile, maxFileBytes, patienceMs }: StreamTerms,
): Promise<Fields> {
  const parser = createFormParser(request, { maxFieldBytes: MOST_FIELD_BYTES })
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxFileBytes + MOST_FIELD_BYTES) throw tooLarge(maxFileBytes)
  const fields: OpenFields = new Map()
  const sinks: FileSink[] = []
  let size = 0

  async function take(events: ReturnType<typeof parser.write>): Promise<void> {
    for (const event of events) {
      if (event.type === 'field') add(fields, event.name, event.value)
      if (event.type === 'file') {
        size = 0
        sinks.push(await onFile(event.file))
      }
      if (event.type !== 'bytes') continue
      size += event.bytes.length
      if (size > maxFileBytes) throw tooLarge(maxFileBytes)
      await sinks.at(-1)?.write(event.bytes)
    }
  }

  try {
    await readPieces(request, (bytes) => take(parser.write(bytes)), patienceMs)
    await take(parser.end())
    return fields
  } catch (cause) {
    await Promise.allSettled(sinks.map((sink) => sink.abort()))
    throw cause
  }
}

type OpenFields = Map<string, string[]>

const NOTHING = new Uint8Array(0)

function add(fields: OpenFields, name: string, value: string): void {
  const known = fields.get(name)
  if (known) known.push(value)
  else fields.set(name, [value])
}

/** Most files come in one piece of the body, which need not be copied. */
function fileOf(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only = NOTHING] = pieces
  return pieces.length < 2 ? only : joined(pieces)
}

const tooLarge = (maxBytes: number) =>
  new ApiError(
    'file_too_large',
    `The file is larger than ${maxBytes} bytes, and no larger ones are taken.`,
    { param: 'file' },
  )
