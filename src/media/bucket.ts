import { SetupError, unkept } from '../errors'
import { isObjectId, type ObjectStore, type StoredObject } from './object-store'

/** What is used of an R2 bucket as Workers see it. */
export interface Bucket {
  put(key: string, value: Uint8Array): Promise<unknown>
  head(key: string): Promise<{ readonly size: number } | null>
  get(
    key: string,
    options: { readonly range: { readonly offset: number; readonly length: number } },
  ): Promise<{ readonly size: number; readonly body: ReadableStream<Uint8Array> } | null>
  delete(keys: string[]): Promise<void>
  list(options: { readonly prefix: string; readonly cursor?: string }): Promise<BucketPage>
  createMultipartUpload(key: string): Promise<Upload>
}

interface BucketPage {
  readonly objects: readonly { readonly key: string; readonly uploaded: Date }[]
  readonly truncated: boolean
  readonly cursor?: string
}

interface Upload {
  uploadPart(partNumber: number, value: Uint8Array): Promise<UploadedPart>
  complete(parts: UploadedPart[]): Promise<unknown>
  abort(): Promise<void>
}

interface UploadedPart {
  readonly partNumber: number
  readonly etag: string
}

/** The bucket may hold other things, too. */
const PREFIX = 'groxy/'
/** R2 takes none that are smaller, but for the last, and no two sizes. */
const PART_BYTES = 5 * 1024 * 1024
/** It removes so many at once. */
const REMOVED = 1_000

/**
 * Objects in a bucket of Cloudflare R2. What a writer leaves behind is not to be seen there: R2 itself
 * clears unfinished uploads away, after seven days.
 */
export function createBucket(bucket: Bucket): ObjectStore {
  return {
    async create(id) {
      if (!isObjectId(id)) throw new Error('This is not an id of an object.')
      const key = PREFIX + id
      const parts: UploadedPart[] = []
      let upload: Upload | undefined
      let part = new Uint8Array(0)
      let filled = 0

      async function send(): Promise<void> {
        upload ??= await bucket.createMultipartUpload(key)
        parts.push(await upload.uploadPart(parts.length + 1, part.subarray(0, filled)))
        part = new Uint8Array(0)
        filled = 0
      }

      return {
        async write(bytes) {
          for (let at = 0; at < bytes.length; ) {
            // One that is full waits for more: the last part must not be empty.
            if (filled === PART_BYTES) await explained(send)
            if (part.length === 0) part = new Uint8Array(PART_BYTES)
            const some = bytes.subarray(at, at + PART_BYTES - filled)
            part.set(some, filled)
            filled += some.length
            at += some.length
          }
        },

        commit: () =>
          explained(async () => {
            if (!upload) return void (await bucket.put(key, part.subarray(0, filled)))
            await send()
            await upload.complete(parts)
          }),

        async abort() {
          // R2 knows uploads that were completed or aborted before.
          await upload?.abort().catch(() => undefined)
        },
      }
    },

    open: async (id, from, to) => {
      if (!isObjectId(id)) return
      const key = PREFIX + id
      return explained(async () => {
        if (to <= from) return (await sizeOf(bucket, key)) >= to ? new Blob().stream() : undefined
        const range = { offset: from, length: to - from }
        const found = await bucket.get(key, { range }).catch(async (cause) => {
          // R2 refuses what begins beyond the end.
          if ((await sizeOf(bucket, key)) < to) return null
          throw cause
        })
        if (!found) return
        if (found.size >= to) return found.body
        await found.body.cancel()
        return
      })
    },

    async remove(ids) {
      const keys = ids.filter(isObjectId).map((id) => PREFIX + id)
      for (let from = 0; from < keys.length; from += REMOVED)
        await explained(() => bucket.delete(keys.slice(from, from + REMOVED)))
    },

    async *list(before) {
      let cursor: string | undefined
      do {
        const options = { prefix: PREFIX, ...(cursor !== undefined && { cursor }) }
        const page = await explained(() => bucket.list(options))
        const found = page.objects
          .filter(({ uploaded }) => uploaded.getTime() < before)
          .map(({ key }): StoredObject => ({ id: key.slice(PREFIX.length), whole: true }))
          .filter(({ id }) => isObjectId(id))
        if (found.length > 0) yield found
        cursor = page.truncated ? page.cursor : undefined
      } while (cursor !== undefined)
    },
  }
}

/** Less than nothing where there is no such object. */
const sizeOf = async (bucket: Bucket, key: string): Promise<number> =>
  (await bucket.head(key))?.size ?? -1

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw unkept(
      new SetupError(
        `The bucket of the binding MEDIA fails: ${cause instanceof Error ? cause.message : cause}`,
        'Look at the bucket in the dashboard of Cloudflare, and at https://www.cloudflarestatus.com.',
        cause,
      ),
    )
  }
}
