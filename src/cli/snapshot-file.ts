import { mkdirSync } from 'node:fs'
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Config } from '../config'
import { newId, sha256, type Vault } from '../crypto'
import { type Kept, openKept, sealKept } from '../store/kept-snapshot'
import { filePath } from './paths'

/** The path of the snapshot beside an instance; undefined where there is to be none. */
export function snapshotPath(config: Config): string | undefined {
  if (filePath(config) !== undefined || config.GROXY_SNAPSHOT === 'off') return undefined
  return config.GROXY_SNAPSHOT
}

/** Where what is kept of a remote database is. */
export interface SnapshotFile {
  readonly path: string
  /** Write it anew: whoever reads it meanwhile finds the old one whole. */
  readonly write: (kept: Kept) => Promise<void>
  /** Note that what it says is still true. */
  readonly confirm: (at: number) => Promise<void>
  /** When what it says was last true, and what that is; undefined where there is none. */
  readonly read: () => Promise<{ readonly at: number; readonly kept: Kept } | undefined>
}

/** So much is written at once. */
const PIECE = 1024 * 1024
/** What follows the name of a draft, and when nobody writes it any more. */
const DRAFT = /^\.[0-9a-f]{8}$/
const FORSAKEN_MS = 600_000

/** A file with what turns need, readable by this user only, and sealed besides. */
export function createSnapshotFile(path: string, config: Config, vault: Vault): SnapshotFile {
  const databaseName = () => sha256(config.DATABASE_URL)
  let isSwept = false

  /** Remove what those left behind who were killed while they wrote. */
  async function sweep(): Promise<void> {
    isSwept = true
    const [folder, name] = [dirname(path), basename(path)]
    for (const found of await readdir(folder)) {
      if (!found.startsWith(name) || !DRAFT.test(found.slice(name.length))) continue
      const { mtimeMs } = await stat(join(folder, found))
      if (Date.now() - mtimeMs > FORSAKEN_MS) await rm(join(folder, found), { force: true })
    }
  }

  return {
    path,

    async write(kept) {
      mkdirSync(dirname(path), { recursive: true })
      const copy = newId()
      // Other processes of this machine may be writing it, too.
      const draft = `${path}.${copy.slice(0, 8)}`
      const file = await open(draft, 'wx', 0o600)
      try {
        let piece = ''
        for await (const line of sealKept(kept, { vault, copy, database: await databaseName() })) {
          piece += `${line}\n`
          if (piece.length < PIECE) continue
          await file.write(piece)
          piece = ''
        }
        await file.write(piece)
        await file.sync()
        await file.close()
        await rename(draft, path)
        if (!isSwept) await sweep().catch(() => undefined)
      } catch (cause) {
        await file.close().catch(() => undefined)
        await rm(draft, { force: true })
        throw cause
      }
    },

    async confirm(at) {
      await utimes(path, at / 1000, at / 1000)
    },

    async read() {
      const found = await stat(path).catch(() => undefined)
      if (!found) return undefined
      if (!found.isFile()) throw new Error('It is no file.')
      const database = await databaseName()
      const file = await open(path, 'r')
      try {
        // Read at once: lines that come while something else is waited for are lost.
        const lines = createInterface({ input: file.createReadStream(), crlfDelay: Infinity })
        const kept = await openKept(lines, { vault, database })
        return { at: Math.max(kept.at, found.mtimeMs), kept }
      } finally {
        await file.close().catch(() => undefined)
      }
    },
  }
}
