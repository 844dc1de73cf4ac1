import type { Dirent } from 'node:fs'
import { lstat, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, directoryFault } from './directory-fault'
import { isObjectId, type StoredObject } from './object-store'

/** Where a directory store has its files. */
export function placesIn(root: string) {
  const temporaries = join(root, TEMPORARIES)
  // Ids of files begin alike, so it is how they end that spreads them.
  const folder = (id: string) => join(root, (id.split('.')[0] ?? '').slice(-2).toLowerCase())
  const whole = (id: string) => join(folder(id), id)
  const temporary = (name: string) => join(temporaries, name)
  return {
    temporaries,
    folder,
    whole,
    temporary,
    /** What a listing calls so; undefined for what no listing says. */
    of(id: string): string | undefined {
      if (isObjectId(id)) return whole(id)
      return isTemporary(id) ? temporary(id) : undefined
    },
  }
}

const TEMPORARIES = 'tmp'

/** As many as are asked of the database at once. */
const BATCH = 200

/**
 * What a directory store has that was last written before a time, a few at a time: other files that
 * somebody put there are left alone, and links are taken for what they are.
 */
export async function* listDirectory(
  root: string,
  before: number,
): AsyncIterable<readonly StoredObject[]> {
  try {
    const places = placesIn(root)
    let found: StoredObject[] = []
    for (const { name: folder } of await foldersIn(root)) {
      for await (const { name } of await opendir(join(root, folder))) {
        const path = join(root, folder, name)
        if (places.of(name) !== path || !(await isOlder(path, before))) continue
        found.push({ id: name, whole: folder !== TEMPORARIES })
        if (found.length < BATCH) continue
        yield found
        found = []
      }
    }
    if (found.length > 0) yield found
  } catch (cause) {
    throw directoryFault(root, cause)
  }
}

async function foldersIn(root: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true })
    return entries.filter(
      (entry) => entry.isDirectory() && (entry.name.length <= 2 || entry.name === TEMPORARIES),
    )
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return []
    throw cause
  }
}

async function isOlder(path: string, before: number): Promise<boolean> {
  try {
    const found = await lstat(path)
    return !found.isDirectory() && found.mtimeMs < before
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false
    throw cause
  }
}

/** Whether a file was begun by a writer. */
function isTemporary(name: string): boolean {
  const [id = '', mark = '', ...more] = name.split('~')
  return more.length === 0 && isObjectId(id) && /^[0-9a-f]{8}$/.test(mark)
}
