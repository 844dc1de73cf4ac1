import { ApiError } from '../../errors'
import type { AuditEntry, AuditFilter, AuditStore } from '../../store/audit'

const MOST = 200
const USUAL = 50

/** Some changes, and where to go on. */
export interface AuditPart {
  readonly entries: readonly AuditEntry[]
  readonly next: string | null
}

/** Finds changes by what a query says of them. */
export const createAuditLog = (store: Pick<AuditStore, 'list'>) => ({
  /** @throws ApiError that names the field */
  async find(query: URLSearchParams, filter: AuditFilter): Promise<AuditPart> {
    const limit = whole(query, 'limit', MOST) ?? USUAL
    const before = whole(query, 'after', Number.MAX_SAFE_INTEGER)
    const found = await store.list(limit + 1, { ...textsOf(query), ...filter, before })
    const entries = found.slice(0, limit)
    return { entries, next: found.length > limit ? String(entries.at(-1)?.id) : null }
  },
})

export type AuditLog = ReturnType<typeof createAuditLog>

const textsOf = (query: URLSearchParams): AuditFilter => ({
  actor: query.get('actor')?.trim(),
  action: query.get('action')?.trim(),
  subject: query.get('subject')?.trim(),
})

/** A whole number of a query. */
export function whole(query: URLSearchParams, name: string, most: number): number | undefined {
  const text = query.get(name)
  if (!text) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new ApiError('invalid_value', `"${name}" must be a whole number from 1 to ${most}.`, {
      param: name,
    })
  return value
}
