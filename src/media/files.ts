import { ApiError } from '../errors'
import type { FileCopy, FileRow, FileRows, FilesAsk, Living } from '../store/files'
import type { Page } from '../store/said-page'
import type { Settings } from '../store/settings'
import { createGlance } from './file-content'
import type { Hasher } from './hasher'
import type { ObjectStore } from './object-store'

/** A file of a key, all of it stored. */
export type StoredFile = FileRow

export interface FilesParts {
  readonly rows: FileRows
  readonly objects: ObjectStore
  readonly hasher: () => Hasher
  readonly now: () => number
  readonly newId: () => string
  readonly settings: () => Settings
  /** Makes of a database that is away what a client can understand. */
  readonly reach: <T>(question: Promise<T>) => Promise<T>
}

/** What is known of a file when it begins to come. */
export interface NewFile {
  readonly filename: string
  /** What its client takes it for; '' for nothing. */
  readonly type?: string
  readonly purpose: string
  /** In milliseconds since 1970; null for as long as nobody deletes it. */
  readonly expiresAt: number | null
}

/** A file that is being written. */
export interface FileDraft {
  /** Resolves when there is room for more. @throws ApiError when its key has no room left */
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** @param late what became known only while it came */
  readonly finish: (late?: LateTerms) => Promise<StoredFile>
  readonly abort: () => Promise<void>
}

interface LateTerms {
  readonly purpose?: string
  /** From now on. */
  readonly lifetimeMs?: number | undefined
}

const DAY_MS = 86_400_000
const MB = 1024 * 1024

/** Files that clients have uploaded: each belongs to one key, and nobody else sees that it is there. */
export function createFiles(parts: FilesParts) {
  const { rows, objects, hasher, now, newId, settings, reach } = parts
  const lifetimeMs = () => settings().file_max_days * DAY_MS || Number.POSITIVE_INFINITY
  const living = (): Living => {
    const at = now()
    return { now: at, since: Math.max(0, at - lifetimeMs()) }
  }
  /** What is kept for a job has no key whose room it could take. */
  const room = (keyId: string) =>
    keyId === '' ? Number.MAX_SAFE_INTEGER : settings().files_max_mb * MB

  /** With the time at which the operator has it removed. */
  function dated(row: FileRow): StoredFile {
    const expiresAt = Math.min(
      row.expiresAt ?? Number.POSITIVE_INFINITY,
      row.createdAt + lifetimeMs(),
    )
    return { ...row, expiresAt: Number.isFinite(expiresAt) ? expiresAt : null }
  }

  async function store(row: FileRow): Promise<StoredFile> {
    const { keyId, id } = row
    let isStored = false
    try {
      isStored = await reach(rows.insert(row, living(), room(keyId)))
    } catch (cause) {
      // It may have come about nevertheless. Where that is not to be found out the cleaner decides.
      await rows.remove(keyId, id, living()).then(
        () => objects.remove([id]),
        () => {},
      )
      throw cause
    }
    if (isStored) return dated(row)
    await objects.remove([id])
    throw full(room(keyId))
  }

  return {
    /** Begin to store a file. Nobody sees it before it is finished. */
    async begin(keyId: string, file: NewFile): Promise<FileDraft> {
      const taken = keyId === '' ? 0 : await reach(rows.size(keyId, living()))
      if (taken >= room(keyId)) throw full(room(keyId))
      const id = `file-${newId()}`
      const writer = await objects.create(id)
      const hash = hasher()
      const glance = createGlance()
      let bytes = 0
      return {
        async write(piece) {
          bytes += piece.length
          if (taken + bytes > room(keyId)) throw full(room(keyId))
          glance.take(piece)
          await hash.update(piece)
          await writer.write(piece)
        },

        async finish({ purpose = file.purpose, lifetimeMs } = {}) {
          const sum = await hash.digest()
          await writer.commit()
          const { filename, type = '' } = file
          const known = { id, keyId, filename, purpose, mime: glance.mime(type), bytes, hash: sum }
          const createdAt = now()
          const expiresAt = lifetimeMs === undefined ? file.expiresAt : createdAt + lifetimeMs
          return store({ ...known, createdAt, expiresAt })
        },

        abort: () => writer.abort(),
      }
    },

    /** A file of this key; undefined for another one's, and for what was deleted or has expired. */
    async find(keyId: string, id: string): Promise<StoredFile | undefined> {
      if (!isFileId(id)) return
      const [row] = await reach(rows.find(keyId, [id], living()))
      return row && dated(row)
    },

    /** The same for several, as far as they are found, by their ids. */
    async findAll(keyId: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredFile>> {
      const found = await reach(rows.find(keyId, ids.filter(isFileId), living()))
      return new Map(found.map((row) => [row.id, dated(row)]))
    },

    async list(keyId: string, ask: FilesAsk): Promise<Page<StoredFile>> {
      const { data, hasMore } = await reach(rows.list(keyId, ask, living()))
      return { data: data.map(dated), hasMore }
    },

    /** Its bytes, as fast as they are read. @throws ApiError when they are gone */
    async open(file: StoredFile, from = 0, to = file.bytes): Promise<ReadableStream<Uint8Array>> {
      const stream = await objects.open(file.id, from, to)
      if (stream) return stream
      throw new ApiError('not_found', `The content of the file '${file.id}' is gone.`)
    },

    /**
     * All its bytes at once.
     *
     * @param most the most that it may have
     * @param param the field of a request that names it
     */
    async readAll(
      file: StoredFile,
      most: number,
      param?: string,
    ): Promise<Uint8Array<ArrayBuffer>> {
      if (file.bytes > most) throw tooLarge(file, most, param)
      const all = new Uint8Array(file.bytes)
      let at = 0
      for await (const piece of await this.open(file)) {
        all.set(piece, at)
        at += piece.length
      }
      return all
    },

    /** Says whether it was there. */
    async remove(keyId: string, id: string): Promise<boolean> {
      if (!isFileId(id)) return false
      if (!(await reach(rows.remove(keyId, id, living())))) return false
      // It is gone already: what cannot be removed now is an orphan for the cleaner.
      await objects.remove([id]).catch(() => {})
      return true
    },

    /** What accounts call files that were passed on to their upstreams. */
    copies: {
      find: (fileId: string, accountId: string): Promise<string | undefined> =>
        reach(rows.copy(fileId, accountId, now())),
      keep: (copy: Omit<FileCopy, 'createdAt'>): Promise<void> =>
        rows.keepCopy({ ...copy, createdAt: now() }),
      forget: (fileId: string, accountId: string): Promise<void> =>
        reach(rows.forgetCopy(fileId, accountId)),
    },
  }
}

export type Files = ReturnType<typeof createFiles>

/** Whether an id can be one of ours. */
export const isFileId = (id: string): boolean => /^file-[0-9a-f]{32}$/.test(id)

const full = (mostBytes: number) =>
  new ApiError(
    'storage_full',
    `The files of this API key may not be larger than ${mostBytes} bytes together. Delete some first.`,
  )

const tooLarge = ({ id, bytes }: StoredFile, most: number, param: string | undefined) =>
  new ApiError(
    'invalid_value',
    `The file '${id}' has ${bytes} bytes, and no more than ${most} can be used here.`,
    { param, upstreamCode: 'file_too_large' },
  )
