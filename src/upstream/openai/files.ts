import { UpstreamFault } from '../../errors'
import { isText } from '../../json-value'
import type { Account } from '../../pool/account'
import { type Caller, readAnswer } from './call'
import { createForm } from './form'

/** A file that is sent to an upstream's own. */
export interface SentFile {
  readonly name: string
  readonly mime: string
  /** How many bytes it has. */
  readonly bytes: number
  readonly open: () => Promise<ReadableStream<Uint8Array>>
  /** What it is for, in OpenAI's words. */
  readonly purpose: string
  /** After so many seconds the upstream is to clear it away. */
  readonly lifetime: number
}

interface Sending {
  readonly account: Account
  readonly abort: AbortController
  /** Told with each piece: as long as something goes on, it goes on. */
  readonly step: () => void
}

/** The fields that say what becomes of a file: they come before it, as xAI insists. */
export type FileFields = (file: SentFile) => readonly (readonly [name: string, value: string])[]

/** OpenAI's. */
export const openAiFields: FileFields = ({ purpose, lifetime }) => [
  ['purpose', purpose],
  ['expires_after[anchor]', 'created_at'],
  ['expires_after[seconds]', String(lifetime)],
]

/** xAI's. */
export const xaiFields: FileFields = ({ lifetime }) => [['expires_after', String(lifetime)]]

/** Makes what uploads files, piece by piece, and gives the ids that they have there. */
export const createFileUpload =
  (call: Caller, fieldsOf: FileFields) =>
  async (file: SentFile, { account, abort, step }: Sending): Promise<string> => {
    const form = createForm()
    const fields = fieldsOf(file).map(([name, value]) => form.field(name, value))
    const head = encoder.encode(fields.join('') + form.file({ ...file, field: 'file' }))
    const tail = encoder.encode(form.fileEnd + form.end)
    const pieces = between(head, file.open, tail)
    try {
      const response = await call({
        account,
        path: '/files',
        method: 'POST',
        accept: 'application/json',
        body: streamOf(pieces, step),
        type: form.type,
        length: head.length + file.bytes + tail.length,
        abort,
      })
      const { id } = await readAnswer(response, abort)
      if (isText(id)) return id
    } finally {
      // Whoever refuses a file may not have read all of it.
      await pieces.return(undefined).catch(() => {})
    }
    throw new UpstreamFault('malformed', 'The upstream took a file and gave it no id.')
  }

export type FileUpload = ReturnType<typeof createFileUpload>

const encoder = new TextEncoder()

async function* between(
  head: Uint8Array,
  open: () => Promise<ReadableStream<Uint8Array>>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head
  yield* await open()
  yield tail
}

const streamOf = (pieces: AsyncGenerator<Uint8Array>, step: () => void) =>
  new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) return controller.close()
        step()
        controller.enqueue(value)
      },
      cancel: async () => {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
