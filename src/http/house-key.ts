import { randomToken } from '../crypto'
import { type Key, NO_LIMITS } from '../store/keys'

/** The key with which the gateway's own pages ask, as the ledger names it. */
const KEY: Key = {
  id: 'playground',
  name: 'playground',
  hint: '',
  enabled: true,
  ...NO_LIMITS,
  expiresAt: null,
  version: 0,
  createdAt: new Date(0),
  revokedAt: null,
}

/**
 * The key of the gateway's own pages: in memory only, each instance with a secret of its own. By its id it is
 * known before anybody asks with it: what was begun with it goes on at another instance, or after a restart.
 */
export function createHouseKey(digest: (text: string) => string | Promise<string>) {
  const byHash = new Map<string, Key>()
  let made: string | undefined

  return {
    byId: new Map([[KEY.id, KEY]]) as ReadonlyMap<string, Key>,
    byHash: byHash as ReadonlyMap<string, Key>,

    /** What to ask with; made when it is first needed, and nothing that may leave this process. */
    async secret(): Promise<string> {
      if (made) return made
      const secret = `sk-groxy-${randomToken(32)}`
      byHash.set(await digest(secret), KEY)
      made ??= secret
      return made
    },
  }
}

export type HouseKey = ReturnType<typeof createHouseKey>
