import { ApiError } from '../../errors'
import { readKeyUsage, windowsAt } from '../../operator/key-usage'
import type { KeyFilter, KeyState } from '../../store/key-search'
import { NO_SUMS } from '../../store/key-sums'
import type { Key, KeyChanges, MadeKey, NamedKey, NewKey } from '../../store/keys'
import { difference, maskSecret } from '../audit'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { limitsOf, type SeenKey } from './shown'

type KeyServiceParts = Pick<
  AdminParts,
  'stores' | 'settings' | 'now' | 'audit' | 'refresh' | 'environmentKey'
>

interface Part {
  readonly limit: number
  readonly offset?: number | undefined
  readonly after?: string | undefined
}

/** What operators see of the keys of programs, and do to them. */
export function createKeyService(parts: KeyServiceParts) {
  const { stores, settings, now, audit, refresh } = parts
  const [environmentKey] = parts.environmentKey.values()

  const time = () => {
    const when = { now: now(), zoneMinutes: settings().time_zone_minutes }
    return { ...when, windows: windowsAt(when) }
  }

  async function see(keys: readonly Key[]): Promise<readonly SeenKey[]> {
    if (keys.length === 0) return []
    const ids = keys.map(({ id }) => id)
    const when = time()
    const [usageOf, sums] = await Promise.all([
      readKeyUsage(stores.allowances, when, ids),
      stores.keySums(ids, when.now),
    ])
    return keys.map((key) => ({
      key,
      isEnvironment: key === environmentKey,
      usage: usageOf(key),
      sums: sums.get(key.id) ?? NO_SUMS,
    }))
  }

  async function find(id: string): Promise<Key> {
    const key = environmentKey?.id === id ? environmentKey : await stores.keys.find(id)
    if (key) return key
    throw new ApiError('not_found', `There is no key with the id '${id.slice(0, 64)}'.`)
  }

  async function changeable(id: string): Promise<Key> {
    const key = await find(id)
    if (key === environmentKey)
      throw new ApiError(
        'invalid_value',
        'The variable GROXY_API_KEY sets this key. Change it there, and start Groxy again.',
      )
    if (key.revokedAt)
      throw new ApiError(
        'invalid_value',
        `The key "${key.name}" is revoked for ever. Make another.`,
      )
    return key
  }

  async function made(operator: Operator, wanted: readonly NewKey[]): Promise<readonly MadeKey[]> {
    const keys = await stores.keys.createAll(wanted)
    const [first, last] = [keys[0]?.key, keys.at(-1)?.key]
    if (!first || !last) return keys
    await audit(operator, {
      action: 'key.create',
      subject: first === last ? first.name : `${first.name} … ${last.name}`,
      after: {
        ...auditOf(first),
        name: undefined,
        keys: keys.map(({ key }) => maskSecret(key.hint)),
      },
    })
    await refresh()
    return keys
  }

  async function many(
    operator: Operator,
    { action, keys }: { readonly action: string; readonly keys: readonly NamedKey[] },
  ): Promise<readonly NamedKey[]> {
    const [first] = keys
    if (!first) return keys
    await audit(operator, {
      action,
      subject: keys.length === 1 ? first.name : `${keys.length} keys`,
      after: { keys: keys.map(({ name }) => name) },
    })
    await refresh()
    return keys
  }

  return {
    /** A part of the keys that fit, the one of the environment first, and how many fit. */
    async list(filter: KeyFilter, { limit, offset = 0, after }: Part) {
      const own = environmentKey && fits(environmentKey, filter) ? environmentKey : undefined
      const isFirst = offset === 0 && after === undefined
      const room = own && isFirst ? limit - 1 : limit
      const found = await stores.keySearch.find(filter, time(), {
        // One more than is shown tells whether there are more.
        limit: room + 1,
        offset: own && !isFirst && after === undefined ? offset - 1 : offset,
        after: after === own?.id ? undefined : after,
      })
      const shown = found.keys.slice(0, room)
      return {
        keys: await see(own && isFirst ? [own, ...shown] : shown),
        total: found.total + (own ? 1 : 0),
        hasMore: found.keys.length > room,
      }
    },

    /** How many of the database are in each state. */
    counts: (): Promise<Readonly<Record<KeyState, number>>> => stores.keySearch.counts(time()),

    /** @throws ApiError `not_found` */
    async find(id: string): Promise<SeenKey> {
      const [seen] = await see([await find(id)])
      if (!seen) throw new ApiError('not_found', 'There is no such key.')
      return seen
    },

    /** The secrets are in the answer, and nowhere else. */
    create: (operator: Operator, wanted: NewKey): Promise<readonly MadeKey[]> =>
      made(operator, [wanted]),

    /** As many, named `name-1`, `name-2`, … */
    createMany: (operator: Operator, wanted: NewKey, count: number): Promise<readonly MadeKey[]> =>
      made(
        operator,
        Array.from({ length: count }, (_, at) => ({ ...wanted, name: `${wanted.name}-${at + 1}` })),
      ),

    /** @throws ApiError `revision_conflict` when it is no longer as it was seen */
    async change(
      operator: Operator,
      id: string,
      { version, ...changes }: KeyChanges & { readonly version: number },
    ): Promise<void> {
      const before = await changeable(id)
      if (before.version !== version || !(await stores.keys.change(id, changes, version)))
        throw new ApiError(
          'revision_conflict',
          `Somebody has changed the key "${before.name}" meanwhile. Look at it again, and then change what you still want to change.`,
          { param: 'revision' },
        )
      const told = difference(auditOf(before), auditOf({ ...before, ...changes }))
      await audit(operator, { action: 'key.change', subject: before.name, ...told })
      await refresh()
    },

    /** Switch keys on or off. Returns those that were not so before. */
    enable: async (operator: Operator, ids: readonly string[], enabled: boolean) =>
      many(operator, {
        action: enabled ? 'key.enable' : 'key.disable',
        keys: await stores.keys.enable(ids, enabled),
      }),

    /** For ever. Returns those that were not revoked before. */
    revoke: async (operator: Operator, ids: readonly string[]) =>
      many(operator, { action: 'key.revoke', keys: await stores.keys.revokeAll(ids) }),

    /** @throws ApiError when it is not there, or cannot be changed */
    changeable,
  }
}

export type KeyService = ReturnType<typeof createKeyService>

/** What the audit log says of a key. */
const auditOf = (key: Key) => ({
  name: key.name,
  enabled: key.enabled,
  models: key.models,
  rescue: key.rescue,
  expires_at: key.expiresAt?.toISOString() ?? null,
  ...limitsOf(key),
})

/** Whether the key of the environment is looked for. */
const fits = ({ name, hint }: Key, { state, search = '' }: KeyFilter): boolean =>
  (state === undefined || state === 'all' || state === 'in_force') &&
  (name.includes(search.toLowerCase()) || hint === search.replace(/^…/, ''))
