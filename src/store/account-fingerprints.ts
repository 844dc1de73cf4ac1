import type { Vault } from '../crypto'
import { fingerprintOf } from './account-columns'
import type { AccountKind } from './accounts'
import type { Patient } from './patient'

/** How many accounts one batch marks. */
const AT_ONCE = 500

/**
 * Mark the accounts that were added before accounts had fingerprints, so that their secrets are known
 * again. What cannot be opened stays unmarked: it is of no use, and no twin of anything.
 */
export async function markOld(client: Patient, vault: Vault): Promise<void> {
  const { rows } = await client.execute(
    'SELECT id, kind, secret FROM accounts WHERE fingerprint IS NULL',
  )
  const marks = await Promise.all(
    rows.map(async ({ id, kind, secret }) => {
      const plain = await vault.open(String(secret)).catch(() => undefined)
      if (plain === undefined) return []
      const fingerprint = await fingerprintOf(kind as AccountKind, plain)
      return [{ sql: MARK, args: [fingerprint, String(id)] }]
    }),
  )
  const updates = marks.flat()
  for (let from = 0; from < updates.length; from += AT_ONCE)
    await client.batch(updates.slice(from, from + AT_ONCE), 'write')
}

/** Another process may have changed the secret meanwhile, and has marked it then. */
const MARK = 'UPDATE accounts SET fingerprint = ? WHERE id = ? AND fingerprint IS NULL'
