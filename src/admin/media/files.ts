import { ApiError } from '../../errors'
import type { FileSearch, FoundFile } from '../../store/file-search'
import type { Living } from '../../store/files'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { MOST_PICKED, type Removal } from './service'

type FilesParts = Pick<AdminParts, 'stores' | 'objects' | 'settings' | 'audit' | 'now'>

const DAY_MS = 86_400_000
const LISTED = 50

/** What operators see and do of the files that keys have sent. */
export function createFilesService({ stores, objects, settings, audit, now }: FilesParts) {
  const lifetimeMs = () => settings().file_max_days * DAY_MS || Number.POSITIVE_INFINITY
  const living = (): Living => ({ now: now(), since: Math.max(0, now() - lifetimeMs()) })

  /** With the time at which the settings have it removed. */
  function dated(file: FoundFile): FoundFile {
    const until = Math.min(
      file.expiresAt ?? Number.POSITIVE_INFINITY,
      file.createdAt + lifetimeMs(),
    )
    return { ...file, expiresAt: Number.isFinite(until) ? until : null }
  }

  return {
    async list(search: FileSearch) {
      const found = await stores.fileSearch.find({ ...search, limit: search.limit + 1 }, living())
      const items = found.slice(0, search.limit).map(dated)
      return { items, last: found.length > search.limit ? items.at(-1) : undefined }
    },

    totals: () => stores.fileSearch.totals(living()),

    async remove(operator: Operator, ids: readonly string[]): Promise<Removal> {
      if (ids.length > MOST_PICKED)
        throw new ApiError('invalid_value', `No more than ${MOST_PICKED} are deleted at once.`)
      const removed = await stores.fileSearch.remove(ids)
      const [first] = removed
      if (!first) return { deleted: 0, bytes: 0, hasMore: false }
      // They are gone already: what cannot be removed now is an orphan for the cleaner.
      await objects.remove(removed.map(({ id }) => id)).catch(() => {})
      const bytes = removed.reduce((sum, file) => sum + file.bytes, 0)
      await audit(operator, {
        action: 'file.delete',
        subject: removed.length === 1 ? first.id : `${removed.length} files`,
        before: {
          files: removed
            .slice(0, LISTED)
            .map(({ id, filename, keyId }) => ({ id, filename, keyId })),
          bytes,
        },
      })
      return { deleted: removed.length, bytes, hasMore: false }
    },
  }
}
