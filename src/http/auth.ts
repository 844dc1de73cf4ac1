import { Elysia } from 'elysia'
import { ApiError } from '../errors'
import type { Key } from '../store/keys'
import type { Snapshots } from '../store/snapshot'
import type { Caller } from './caller'

export interface AuthParts {
  readonly snapshots: Snapshots
  /** SHA-256 in hexadecimal, at once where the runtime can. */
  readonly digest: (text: string) => string | Promise<string>
  /** The key that the environment sets, by its hash. */
  readonly environmentKey: ReadonlyMap<string, Key>
  readonly now: () => number
}

/** What an xAI key looks like. */
const OWN_KEY = /^xai-[A-Za-z0-9_-]{16,}$/
const BEARER = /^Bearer +(\S+)$/i

/**
 * Finds out who calls, in memory: by the hash of what was presented, and nothing else of it.
 *
 * @throws ApiError 401 that says what to do
 */
export function createAuth({ snapshots, digest, environmentKey, now }: AuthParts) {
  return async (header: string | undefined): Promise<Caller> => {
    if (!header)
      throw unauthorized('You did not provide an API key. Send it as "Authorization: Bearer sk-groxy-…".')
    const secret = BEARER.exec(header)?.[1]
    if (!secret) throw unauthorized('The Authorization header must read "Bearer " and an API key.')
    const found = snapshots.get()
    const snapshot = found instanceof Promise ? await found : found
    const hashed = digest(secret)
    const hash = typeof hashed === 'string' ? hashed : await hashed
    const key = snapshot.keys.get(hash) ?? environmentKey.get(hash)
    if (key) {
      if (key.expiresAt && key.expiresAt.getTime() <= now())
        throw unauthorized('This API key has expired. Ask the operator of this gateway for another.')
      return { kind: 'key', key }
    }
    if (snapshot.settings.pass_through && OWN_KEY.test(secret)) return { kind: 'own', secret }
    throw unauthorized(
      'Incorrect API key provided. The operator makes keys with `groxy keys create NAME`.',
    )
  }
}

const unauthorized = (message: string) => new ApiError('invalid_api_key', message)

export type Auth = ReturnType<typeof createAuth>

/**
 * Routes that `use` this are for callers with a key, and receive the `caller`.
 *
 * It derives rather than resolves: Elysia derives before it validates, so a stranger learns 401 and
 * nothing about our schemas, and no body is read for one.
 */
export const authenticated = (auth: Auth) =>
  new Elysia({ name: 'authenticated' }).derive(
    { as: 'scoped' },
    async ({ request }): Promise<{ caller: Caller }> => ({
      caller: await auth(request.headers.get('authorization') ?? undefined),
    }),
  )
