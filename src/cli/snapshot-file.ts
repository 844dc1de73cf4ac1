import { mkdirSync } from 'node:fs'
import { open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
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

/** A file with what turns need, readable by this user only, and sealed besides. */
export function createSnapshotFile(path: string, config: Config, vault: Vault): SnapshotFile {
  const databaseName = () => sha256(config.DATABASE_URL)

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
      const file = await open(path, 'r')
      try {
        const lines = createInterface({ input: file.createReadStream(), crlfDelay: Infinity })
        const kept = await openKept(lines, { vault, database: await databaseName() })
        return { at: Math.max(kept.at, found.mtimeMs), kept }
      } finally {
        await file.close().catch(() => undefined)
      }
    },
  }
}
