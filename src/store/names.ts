import type { Client } from '@libsql/client/web'
import { gathered } from './gather'

/** What people call keys and accounts, by their ids. */
export interface NamesById {
  readonly keys: ReadonlyMap<string, string>
  readonly accounts: ReadonlyMap<string, { readonly kind: string; readonly name: string }>
}

const KEYS = 'SELECT id, name FROM keys WHERE id IN (SELECT value FROM json_each(?))'
const ACCOUNTS = 'SELECT id, kind, name FROM accounts WHERE id IN (SELECT value FROM json_each(?))'

/** Of several keys of one name the newest is meant, and those in force before those that are not. */
const KEY_NAMED = `SELECT id FROM keys WHERE id = ?1 OR name = ?1
  ORDER BY id = ?1 DESC, revoked_at IS NOT NULL, created_at DESC LIMIT 1`
const ACCOUNT_NAMED = `SELECT id FROM accounts WHERE id = ?1
  OR (kind, name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2)) LIMIT 1`

/** Names for ids and ids for names, of a few at a time: there may be tens of thousands. */
export function createNames(client: Client) {
  const asker = gathered(client)

  return {
    /** What these are called; what is gone has no name any more. */
    async of(keyIds: readonly string[], accountIds: readonly string[]): Promise<NamesById> {
      const [keys, accounts] = await Promise.all([
        asker.execute({ sql: KEYS, args: [JSON.stringify(keyIds)] }),
        asker.execute({ sql: ACCOUNTS, args: [JSON.stringify(accountIds)] }),
      ])
      return {
        keys: new Map(keys.rows.map(({ id, name }) => [String(id), String(name)])),
        accounts: new Map(
          accounts.rows.map(({ id, kind, name }) => [
            String(id),
            { kind: String(kind), name: String(name) },
          ]),
        ),
      }
    },

    /** The id of a key that is given by its id or its name. */
    async keyId(given: string): Promise<string | undefined> {
      const { rows } = await asker.execute({ sql: KEY_NAMED, args: [given] })
      return rows[0] && String(rows[0].id)
    },

    /** The id of an account that is given by its id, its name, or as `KIND/NAME`. */
    async accountId(given: string, kinds: readonly string[]): Promise<string | undefined> {
      const names = kinds.map((kind) => [kind, given])
      const slash = given.indexOf('/')
      if (slash > 0) names.push([given.slice(0, slash), given.slice(slash + 1)])
      const args = [given, JSON.stringify(names)]
      const { rows } = await asker.execute({ sql: ACCOUNT_NAMED, args })
      return rows[0] && String(rows[0].id)
    },
  }
}
