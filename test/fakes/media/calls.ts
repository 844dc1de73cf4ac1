import type { Json } from '../grok-web/checks'
import type { Incoming } from './server'

/** A file in a multipart body. */
export interface SentFile {
  readonly field: string
  readonly filename: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A picture that came with a call, in the form in which it came. */
export interface SentPicture {
  /** `image`, `mask`, `reference_images` and so on. */
  readonly field: string
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** A public address. */
  readonly url?: string
  readonly fileId?: string
}

/** A call as it is remembered. */
export interface Call {
  /** What it was for, such as `images.edits`. */
  readonly endpoint: string
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** Milliseconds since 1970. */
  readonly at: number
  /** JSON; of a multipart body its text fields, and a list where a name comes more than once. */
  readonly body: Json
  /** The files of a multipart body, in order. */
  readonly files: readonly SentFile[]
  /** The names of all parts of a multipart body, in order. */
  readonly parts: readonly string[]
  /** The pictures of it, once it was read. */
  readonly pictures: SentPicture[]
  /** Resolves when the client hangs up before its answer is complete. */
  readonly gone: Promise<void>
  /** Whose key was sent. */
  account: string | undefined
  status: number | undefined
}

/** A body, or why it cannot be read. */
interface Body {
  readonly body: Json
  readonly files: readonly SentFile[]
  readonly parts: readonly string[]
}

const NOTHING: Body = { body: {}, files: [], parts: [] }

async function readForm(type: string, bytes: Uint8Array<ArrayBuffer>): Promise<Body> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData()
  const body: Record<string, unknown> = {}
  const files: SentFile[] = []
  const parts: string[] = []
  for (const [field, value] of form as unknown as Iterable<[string, string | File]>) {
    parts.push(field)
    if (value instanceof File) {
      const content = new Uint8Array(await value.arrayBuffer())
      files.push({ field, filename: value.name, type: value.type, bytes: content })
      continue
    }
    const known = body[field]
    body[field] = known === undefined ? value : [known, value].flat()
  }
  return { body, files, parts }
}

/** Read a body as its content type says; a fault as text. */
async function read({ headers, bytes }: Incoming): Promise<Body | string> {
  if (bytes.length === 0) return NOTHING
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('multipart/form-data'))
    return readForm(type, bytes).catch((error) => `The form cannot be read: ${error}`)
  try {
    return { ...NOTHING, body: JSON.parse(new TextDecoder().decode(bytes)) }
  } catch (error) {
    return `The body is no JSON: ${error}`
  }
}

/** A call, and why its body cannot be read, if so. */
export async function callOf(
  incoming: Incoming,
  endpoint: string,
): Promise<{ call: Call; fault: string | undefined }> {
  const { method, url, headers, gone } = incoming
  const body = await read(incoming)
  const call: Call = {
    ...{ endpoint, method, path: url.pathname, query: url.searchParams, headers, gone },
    ...(typeof body === 'string' ? NOTHING : body),
    ...{ at: Date.now(), pictures: [], account: undefined, status: undefined },
  }
  return { call, fault: typeof body === 'string' ? body : undefined }
}

export const isForm = ({ headers }: Call): boolean =>
  headers.get('content-type')?.startsWith('multipart/form-data') ?? false
