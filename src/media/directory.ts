import { constants, openAsBlob } from 'node:fs'
import { lstat, mkdir, rename, statfs, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { newId } from '../crypto'
import type { MeasuredStore } from './copy-objects'
import { codeOf, directoryFault, isMissing } from './directory-fault'
import { listDirectory, placesIn } from './directory-list'
import { isObjectId, type ObjectWriter } from './object-store'
import { type OpenFile, openFile } from './open-file'

/** As many readers as there are hold so much each, and what Bun has not sent yet of several. */
const PIECE_BYTES = 64 * 1024

/** No link is followed, and nobody waits for what is not a file. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Objects as files of a directory, which is made when it is first written to. A file has its name only
 * when all of it is on the disk, so that a crash leaves temporaries behind and no half object.
 *
 * @param spareBytes what is to stay free on its disk, for whoever else writes there
 */
export function createDirectory(root: string, spareBytes = 0): MeasuredStore {
  const places = placesIn(root)

  async function explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw directoryFault(root, cause)
    }
  }

  async function room(): Promise<number> {
    const { bavail, bsize } = await statfs(root)
    return bavail * bsize - spareBytes
  }

  /** Some of what should stay free is used up before the rest has gone. */
  async function checkRoom(): Promise<void> {
    if (spareBytes > 0 && (await room()) < -spareBytes / 2)
      throw Object.assign(new Error('There is too little space left.'), { code: 'ENOSPC' })
  }

  async function openAt(path: string, to: number): Promise<OpenFile | undefined> {
    const file = await openFile(path, READ).catch((cause) => {
      if (isMissing(cause)) return
      throw directoryFault(root, cause)
    })
    if (!file) return
    const found = await file.stat()
    // Shorter than it was: somebody cut it.
    if (found.isFile() && found.size >= to) return file
    await file.close()
    return
  }

  /** The file may have got its name while we looked. */
  const openOneOf = async (paths: readonly string[], to: number) => {
    for (const path of paths) {
      const file = await openAt(path, to)
      if (file) return file
    }
    return
  }

  async function put(temporary: string, id: string): Promise<void> {
    const folder = places.folder(id)
    await makeFolder(folder)
    await rename(temporary, places.whole(id))
    await syncFolder(folder)
  }

  return {
    async create(id) {
      if (!isObjectId(id)) throw new Error('This is not an id of an object.')
      const temporary = places.temporary(`${id}~${newId().slice(0, 8)}`)
      const file = await explained(async () => {
        await makeFolder(places.temporaries)
        await checkRoom()
        return openFile(temporary, 'wx', 0o600)
      })
      let isOpen = true

      async function discard(): Promise<void> {
        if (!isOpen) return
        isOpen = false
        await Promise.allSettled([file.close(), unlink(temporary)])
      }

      /** After a fault nothing is left of it. */
      const attempt = async (work: () => Promise<void>) => {
        try {
          await work()
        } catch (cause) {
          await discard()
          throw directoryFault(root, cause)
        }
      }

      const writer: ObjectWriter = {
        write: (bytes) => attempt(() => file.write(bytes)),

        async read(from, to) {
          const reading = await openOneOf([temporary, places.whole(id)], to)
          if (!reading) throw new Error('What is read was not written yet, or is gone.')
          return streamOf(reading, { from, to, root })
        },

        commit: () =>
          attempt(async () => {
            await file.sync()
            await file.close()
            await put(temporary, id)
            isOpen = false
          }),

        abort: discard,
      }
      return writer
    },

    async open(id, from, to) {
      if (!isObjectId(id)) return
      const file = await openAt(places.whole(id), to)
      return file && streamOf(file, { from, to, root })
    },

    async file(id, from, to) {
      const path = places.whole(id)
      const found = isObjectId(id) ? await openAt(path, to) : undefined
      if (!found) return
      await found.close()
      return (await openAsBlob(path)).slice(from, to)
    },

    async lengths(ids) {
      const found = new Map<string, number>()
      for (const id of ids) {
        const path = places.of(id)
        const entry = path === undefined ? undefined : await explained(() => entryAt(path))
        if (entry?.isFile()) found.set(id, entry.size)
      }
      return found
    },

    async remove(ids) {
      for (const id of ids) {
        const path = places.of(id)
        if (path === undefined) continue
        await unlink(path).catch((cause) => {
          if (codeOf(cause) !== 'ENOENT') throw directoryFault(root, cause)
        })
      }
    },

    list: (before) => listDirectory(root, before),

    room: () =>
      room().catch((cause) => {
        // It is made when it is needed.
        if (isMissing(cause)) return Number.POSITIVE_INFINITY
        throw directoryFault(root, cause)
      }),
  }
}

const entryAt = (path: string) =>
  lstat(path).catch((cause) => {
    if (isMissing(cause)) return
    throw cause
  })

async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 })
  if (made !== undefined) await syncFolder(dirname(made))
}

/** Some file systems cannot do that, and Windows need not. */
const UNSYNCED = ['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP']

/** So that a new name outlives a loss of power. */
async function syncFolder(path: string): Promise<void> {
  let folder: OpenFile | undefined
  try {
    folder = await openFile(path, 'r')
    await folder.sync()
  } catch (cause) {
    if (!UNSYNCED.includes(codeOf(cause))) throw cause
  } finally {
    await folder?.close()
  }
}

interface Part {
  readonly from: number
  readonly to: number
  readonly root: string
}

/** Reads when its reader asks, and closes the file however that ends. */
function streamOf(file: OpenFile, { from, to, root }: Part): ReadableStream<Uint8Array> {
  let at = from
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = new Uint8Array(Math.min(PIECE_BYTES, to - at))
          const length = piece.length > 0 ? await file.read(piece, at) : 0
          if (length === 0 && at < to) throw new Error('An object ends too early.')
          if (length === 0) {
            await file.close()
            return controller.close()
          }
          at += length
          controller.enqueue(piece.subarray(0, length))
        } catch (cause) {
          await file.close().catch(() => undefined)
          throw directoryFault(root, cause)
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  )
}
