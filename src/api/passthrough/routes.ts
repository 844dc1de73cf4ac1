import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import type { Auth } from '../../http/auth'
import { requestIdOf } from '../../http/context'
import type { Passthrough } from './service'

interface PassthroughRouteParts {
  readonly passthrough: Passthrough
  readonly auth: Auth
  /** The methods of paths that Groxy serves itself, which are never forwarded with our accounts. */
  readonly modelled: (path: string) => readonly string[] | undefined
}

/** `/v1/*`, whatever no other route takes. */
export const passthroughRoutes = ({ passthrough, auth, modelled }: PassthroughRouteParts) =>
  new Elysia({ detail: { hide: true } }).all(
    '/v1/*',
    async ({ request, path }) => {
      const caller = await auth(request)
      if (caller.kind === 'own') return passthrough.own(request, caller.secret)
      const methods = modelled(path)
      if (methods)
        throw new ApiError(
          'method_not_allowed',
          `${request.method} is not possible on ${path}: use ${methods.join(' or ')}.`,
          { allow: methods },
        )
      return passthrough.pooled(request, { key: caller.key, requestId: requestIdOf(request) })
    },
    { parse: 'none' },
  )
