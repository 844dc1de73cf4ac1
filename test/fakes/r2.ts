import type { Bucket } from '#src/media/bucket'

// A bucket of R2, as its documentation and the binding of the Workers runtime tell of it: strict about
// the sizes of parts, and about how much is asked for at once.

const LEAST_PART = 5 * 1024 * 1024
const MOST_DELETED = 1_000
/** A page may be shorter than what was asked for. */
const PAGE = 100

interface Stored {
  readonly bytes: Uint8Array
  readonly uploaded: Date
  readonly etag: string
}

interface Part {
  readonly bytes: Uint8Array
  readonly etag: string
}

interface Unfinished {
  readonly key: string
  readonly parts: Map<number, Part>
  state: 'open' | 'completed' | 'aborted'
}

interface PublishedPart {
  readonly part: number
  readonly etag: string
}

/** What R2 says when it does not do what it was asked. */
class R2Refusal extends Error {
  readonly code: number
  readonly status: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const noSuchKey = () => new R2Refusal(404, 10007, 'The specified key does not exist.')
const noSuchUpload = () =>
  new R2Refusal(400, 10024, 'The specified multipart upload does not exist.')

/** What a bucket does, by whatever way it is asked. */
function createContents() {
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Unfinished>()
  let count = 0
  let failing: string | undefined

  const begin = () => {
    if (failing !== undefined) throw new R2Refusal(500, 10001, failing)
  }
  const find = (key: string): Stored => {
    begin()
    const found = objects.get(key)
    if (!found) throw noSuchKey()
    return found
  }
  const put = (key: string, bytes: Uint8Array): Stored => {
    const stored = { bytes: bytes.slice(), uploaded: new Date(), etag: `etag${++count}` }
    objects.set(key, stored)
    return stored
  }

  return {
    objects,
    uploads,
    /** Refuse everything from now on, saying so. */
    fail(message: string | undefined) {
      failing = message
    },
    find,
    put(key: string, bytes: Uint8Array) {
      begin()
      return put(key, bytes)
    },

    part(key: string, offset: number, length: number): Uint8Array {
      const { bytes } = find(key)
      if (offset >= bytes.length || length < 1)
        throw new R2Refusal(416, 10039, 'The requested range is not satisfiable')
      return bytes.subarray(offset, offset + length)
    },

    remove(keys: readonly string[]): void {
      begin()
      if (keys.length > MOST_DELETED)
        throw new R2Refusal(400, 10020, 'There are too many keys to delete.')
      for (const key of keys) objects.delete(key)
    },

    list(prefix: string, cursor = '') {
      begin()
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > cursor)
      const page = keys.toSorted().slice(0, PAGE)
      const truncated = page.length < keys.length
      return { keys: page, truncated, ...(truncated && { cursor: page.at(-1) ?? '' }) }
    },

    begin(key: string): string {
      begin()
      const id = `upload${++count}`
      uploads.set(id, { key, parts: new Map(), state: 'open' })
      return id
    },

    upload(id: string, number: number, bytes: Uint8Array): string {
      begin()
      const upload = uploads.get(id)
      if (upload?.state !== 'open') throw noSuchUpload()
      if (number < 1 || number > 10_000)
        throw new R2Refusal(400, 10025, 'Part number must be between 1 and 10000, inclusive.')
      const etag = `part${++count}`
      upload.parts.set(number, { bytes: bytes.slice(), etag })
      return etag
    },

    complete(id: string, published: readonly PublishedPart[]): Stored {
      begin()
      const upload = uploads.get(id)
      if (upload?.state !== 'open') throw noSuchUpload()
      const parts = published.map(({ part, etag }) => {
        const found = upload.parts.get(part)
        if (found?.etag !== etag)
          throw new R2Refusal(400, 10025, 'One or more of the specified parts could not be found.')
        return found.bytes
      })
      const [size = 0, last = 0] = [parts[0]?.length, parts.at(-1)?.length]
      const early = parts.slice(0, -1)
      if (early.some(({ length }) => length < LEAST_PART))
        throw new R2Refusal(400, 10011, 'Your proposed upload is smaller than the minimum allowed.')
      if (parts.length === 0 || last === 0 || last > size || early.some((p) => p.length !== size))
        throw new R2Refusal(400, 10048, 'There was a problem with the multipart upload.')
      upload.state = 'completed'
      return put(upload.key, Buffer.concat(parts))
    },

    abort(id: string): void {
      begin()
      const upload = uploads.get(id)
      if (!upload) throw noSuchUpload()
      if (upload.state === 'open') upload.state = 'aborted'
    },
  }
}

type Contents = ReturnType<typeof createContents>

/** A bucket within this process. */
export function fakeBucket() {
  const contents = createContents()
  const bucket: Bucket = {
    put: async (key, value) => contents.put(key, value),
    head: async (key) => absent(() => ({ size: contents.find(key).bytes.length })),
    get: async (key, { range }) =>
      absent(() => {
        const bytes = contents.part(key, range.offset, range.length)
        const { length: size } = contents.find(key).bytes
        return { size, body: new Blob([bytes.slice()]).stream() }
      }),
    delete: async (keys) => contents.remove(keys),
    async list({ prefix, cursor }) {
      const { keys, ...page } = contents.list(prefix, cursor)
      const objects = keys.map((key) => ({ key, uploaded: contents.find(key).uploaded }))
      return { objects, ...page }
    },
    async createMultipartUpload(key) {
      const id = contents.begin(key)
      return {
        uploadPart: async (partNumber, value) => ({
          partNumber,
          etag: contents.upload(id, partNumber, value),
        }),
        complete: async (parts) =>
          contents.complete(
            id,
            parts.map(({ partNumber: part, etag }) => ({ part, etag })),
          ),
        abort: async () => contents.abort(id),
      }
    },
  }
  return { ...contents, bucket }
}

function absent<T>(find: () => T): T | null {
  try {
    return find()
  } catch (cause) {
    if (cause instanceof R2Refusal && cause.code === 10007) return null
    throw cause
  }
}

/** What the Workers runtime asks a bucket, as `r2-api.capnp` has it. */
interface Asked {
  readonly method: string
  readonly object: string
  readonly objects?: readonly string[]
  readonly range?: { readonly offset?: string; readonly length?: string }
  readonly prefix?: string
  readonly cursor?: string
  readonly uploadId: string
  readonly partNumber: number
  readonly parts: readonly PublishedPart[]
}

/** A bucket as a server, to which the Workers runtime speaks in its own way. */
export function bucketServer() {
  const contents = createContents()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      try {
        return await answer(contents, request)
      } catch (cause) {
        if (!(cause instanceof R2Refusal)) throw cause
        const { status, code: v4code, message } = cause
        const said = JSON.stringify({ version: 1, v4code, message })
        return new Response(null, { status, headers: { 'cf-r2-error': said } })
      }
    },
  })
  return {
    ...contents,
    port: server.port ?? 0,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

async function answer(contents: Contents, request: Request): Promise<Response> {
  const header = request.headers.get('cf-r2-request')
  if (header !== null) return answerGet(contents, JSON.parse(header))
  const size = Number(request.headers.get('cf-r2-metadata-size'))
  const bytes = await request.bytes()
  const asked = JSON.parse(new TextDecoder().decode(bytes.subarray(0, size))) as Asked
  return answerPut(contents, asked, bytes.subarray(size))
}

const described = (name: string, { bytes, etag, uploaded }: Stored) => ({
  name,
  version: etag,
  size: bytes.length,
  etag,
  uploaded: uploaded.getTime(),
})

function withMetadata(metadata: object, value = new Uint8Array(0)): Response {
  const text = new TextEncoder().encode(JSON.stringify(metadata))
  return new Response(Buffer.concat([text, value]), {
    headers: { 'cf-r2-metadata-size': String(text.length) },
  })
}

function answerGet(contents: Contents, asked: Asked): Response {
  const { method, object, range } = asked
  if (method === 'list') {
    const { keys, ...page } = contents.list(asked.prefix ?? '', asked.cursor)
    const objects = keys.map((key) => described(key, contents.find(key)))
    return withMetadata({ objects, delimitedPrefixes: [], ...page })
  }
  const metadata = described(object, contents.find(object))
  if (method === 'head') return withMetadata(metadata)
  const [offset, length] = [Number(range?.offset ?? 0), Number(range?.length ?? metadata.size)]
  const value = contents.part(object, offset, length)
  return withMetadata({ ...metadata, range: { offset, length: value.length } }, value.slice())
}

function answerPut(contents: Contents, asked: Asked, value: Uint8Array): Response {
  const { method, object, objects, uploadId } = asked
  switch (method) {
    case 'put':
      return Response.json(described(object, contents.put(object, value)))
    case 'delete':
      contents.remove(objects ?? [object])
      return Response.json({})
    case 'createMultipartUpload':
      return Response.json({ uploadId: contents.begin(object) })
    case 'uploadPart':
      return Response.json({ etag: contents.upload(uploadId, asked.partNumber, value) })
    case 'completeMultipartUpload':
      return Response.json(described(object, contents.complete(uploadId, asked.parts)))
    case 'abortMultipartUpload':
      contents.abort(uploadId)
      return Response.json({})
    default:
      throw new Error(`A bucket is not asked for ${method}.`)
  }
}
