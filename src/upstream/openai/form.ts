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
  const { type, field, file, fileEnd, end } = createForm()
  const pieces: Piece[] = []
  for (const [name, value] of fields) pieces.push(field(name, textOf(value)))
  for (const part of files) pieces.push(file(part), part.bytes, fileEnd)
  return { type, body: bodyOf([...pieces, end]) }
}

/** What a form is written with. */
export function createForm() {
  const boundary = `groxy-${newId()}`
  const open = (about: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${about}\r\n\r\n`
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    field: (name: string, value: string) => `${open(`name="${quoted(name)}"`)}${value}\r\n`,
    /** What its bytes come after. */
    file: ({ field, name, mime }: Omit<FormPart, 'bytes'>) =>
      open(`name="${quoted(field)}"; filename="${quoted(name)}"\r\ncontent-type: ${mime}`),
    fileEnd: '\r\n',
    end: `--${boundary}--\r\n`,
  }
}

/** As browsers write names: no name ends its line or its quotes. */
const quoted = (name: string): string =>
  name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)
