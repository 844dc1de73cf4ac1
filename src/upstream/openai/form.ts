import { newId } from '../../crypto'
import { bodyOf, type Piece, type PiecedBody } from '../../stream/pieces'

/** A file of a form. */
export interface FormPart {
  readonly field: string
  readonly name: string
  readonly mime: string
  readonly bytes: Uint8Array
}

/** A form as it is sent, and what it is by its content type. */
export interface SentForm {
  readonly type: string
  readonly body: PiecedBody
}

/** A form of fields and files; the files are not copied. */
export function formOf(
  fields: Iterable<readonly [name: string, value: unknown]>,
  files: readonly FormPart[],
): SentForm {
  const boundary = `groxy-${newId()}`
  const pieces: Piece[] = []
  const open = (about: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${about}\r\n\r\n`
  for (const [name, value] of fields)
    pieces.push(`${open(`name="${quoted(name)}"`)}${textOf(value)}\r\n`)
  for (const { field, name, mime, bytes } of files) {
    const about = `name="${quoted(field)}"; filename="${quoted(name)}"\r\ncontent-type: ${mime}`
    pieces.push(open(about), bytes, '\r\n')
  }
  pieces.push(`--${boundary}--\r\n`)
  return { type: `multipart/form-data; boundary=${boundary}`, body: bodyOf(pieces) }
}

/** As browsers write names: no name ends its line or its quotes. */
export const quoted = (name: string): string =>
  name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)
