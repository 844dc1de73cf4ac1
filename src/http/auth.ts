import { ApiError } from '../errors'
import type { Key } from '../store/keys'
import type { Snapshot, Snapshots } from '../store/snapshot'
import type { Caller } from './caller'
import { noteKey } from './context'

export interface AuthParts {
  readonly snapshots: Snapshots
  /** SHA-256 in hexadecimal, at once where the runtime can. */
  readonly digest: (text: string) => string | Promise<string>
  /** The key that the environment sets, by its hash. */
  readonly environmentKey: ReadonlyMap<string, Key>
  /** The key of the gateway's own pages, by its hash. */
  readonly houseKey: ReadonlyMap<string, Key>
  readonly now: () => number
}

/** What an xAI key looks like. */
const OWN_KEY = /^xai-[A-Za-z0-9_-]{16,}$/

/**
 * Finds out who calls, in memory: by the hash of what was presented, and nothing else of it. A route
 * asks before it reads anything else, so that a stranger learns 401 and nothing about our schemas.
 *
 * @throws ApiError 401 that says what to do
 */
export function createAuth({ snapshots, digest, environmentKey, houseKey, now }: AuthParts) {
  function identify(secret: string, hash: string, snapshot: Snapshot): Caller {
    const key = snapshot.keys.get(hash) ?? environmentKey.get(hash) ?? houseKey.get(hash)
    if (key) {
      if (!key.enabled)
        throw unauthorized(
          'This API key is switched off. The operator of this gateway can switch it on again.',
        )
      if (!isGood(key, now()))
        throw unauthorized(
          'This API key has expired. Ask the operator of this gateway for another.',
        )
      return { kind: 'key', key }
    }
    if (snapshot.settings.pass_through && OWN_KEY.test(secret)) return { kind: 'own', secret }
    throw unauthorized(
      'Incorrect API key provided. The operator makes keys with `groxy keys create NAME`.',
    )
  }

  return async (request: Request): Promise<Caller> => {
    const header = request.headers.get('authorization')
    if (!header)
      throw unauthorized(
        'You did not provide an API key. Send it as "Authorization: Bearer sk-groxy-…".',
      )
    const secret = bearerOf(header)
    if (!secret) throw unauthorized('The Authorization header must read "Bearer " and an API key.')
    const snapshot = snapshots.get()
    const hash = digest(secret)
    const caller =
      typeof hash === 'string' && !(snapshot instanceof Promise)
        ? identify(secret, hash, snapshot)
        : identify(secret, await hash, await snapshot)
    if (caller.kind === 'key') noteKey(request, caller.key)
    return caller
  }
}

const isGood = ({ enabled, expiresAt }: Key, now: number): boolean =>
  enabled && !(expiresAt && expiresAt.getTime() <= now)

/** A key by its id, if it may be used. */
export function goodKey(
  id: string,
  all: readonly (ReadonlyMap<string, Key> | undefined)[],
  now: number,
): Key | undefined {
  for (const keys of all)
    for (const key of keys?.values() ?? []) if (key.id === id && isGood(key, now)) return key
  return
}

const bearerOf = (header: string): string | undefined =>
  /^bearer /i.test(header) ? header.slice('bearer '.length).trim() : undefined

const unauthorized = (message: string) => new ApiError('invalid_api_key', message)

export type Auth = ReturnType<typeof createAuth>
