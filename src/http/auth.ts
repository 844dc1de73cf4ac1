import { ApiError } from '../errors'
import { isKeySecret, type Key } from '../store/keys'
import type { Snapshot, Snapshots } from '../store/snapshot'
import type { Caller } from './caller'
import { noteKey } from './context'
import type { SecondLook } from './second-look'

export interface AuthParts {
  readonly snapshots: Snapshots
  /** SHA-256 in hexadecimal, at once where the runtime can. */
  readonly digest: (text: string) => string | Promise<string>
  /** The key that the environment sets, by its hash. */
  readonly environmentKey: ReadonlyMap<string, Key>
  /** The key of the gateway's own pages, by its hash. */
  readonly houseKey: ReadonlyMap<string, Key>
  /** Before a key is refused that nobody knows: another instance may just have made it. */
  readonly lookAgain: SecondLook
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
export function createAuth(parts: AuthParts) {
  const { snapshots, digest, environmentKey, houseKey, lookAgain, now } = parts

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

  /** The same where it may take a look at the database. */
  async function learn(secret: string, hash: string, snapshot: Snapshot): Promise<Caller> {
    const isKnown = snapshot.keys.has(hash) || environmentKey.has(hash) || houseKey.has(hash)
    if (isKnown || !isKeySecret(secret)) return identify(secret, hash, snapshot)
    await lookAgain()
    return identify(secret, hash, await snapshots.get())
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
    const isHere = typeof hash === 'string' && !(snapshot instanceof Promise)
    const isKnown = isHere && (snapshot.keys.has(hash) || !isKeySecret(secret))
    const caller = isKnown
      ? identify(secret, hash, snapshot)
      : await learn(secret, await hash, await snapshot)
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
