import type { AuditStore, AuditValues } from '../store/audit'
import type { Operator } from './operator'

/** A change that an operator made. */
export interface Change {
  /** A noun and a verb: `account.change`. */
  readonly action: string
  /** What it was done to, as people call it: `xai/main`. */
  readonly subject: string
  /** What it was and is now, by field; secrets as `maskSecret` shows them. */
  readonly before?: AuditValues
  readonly after?: AuditValues
  /** Ids of the accounts that it was done to, where it was done to accounts. */
  readonly accounts?: readonly string[]
}

/** Writes down who changed what. Every service of the admin page calls it for every change. */
export const createAudit =
  (store: AuditStore) =>
  (operator: Operator, { action, subject, before, after, accounts }: Change): Promise<void> =>
    store.note({
      actor: operator.name,
      address: operator.address ?? null,
      action,
      subject,
      before: before ?? null,
      after: after ?? null,
      accounts,
    })

export type Audit = ReturnType<typeof createAudit>

/** What may be shown of a secret: by its end a person recognises it. */
export const maskSecret = (hint: string): string => `…${hint.slice(-4)}`

/** What of two states of the same thing differs, by field. */
export function difference(
  before: AuditValues,
  after: AuditValues,
): { readonly before: AuditValues; readonly after: AuditValues } {
  const names = Object.keys({ ...before, ...after }).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  const pick = (values: AuditValues) =>
    Object.fromEntries(names.map((name) => [name, values[name] ?? null]))
  return { before: pick(before), after: pick(after) }
}
