import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import type { Auth } from '../../http/auth'
import { requestIdOf } from '../../http/context'
import { unknownPath } from '../../http/failures'
import type { Passthrough } from './service'

interface PassthroughRouteParts {
  readonly passthrough: Passthrough
  readonly auth: Auth
  /** The methods of paths that are never forwarded with our accounts; none where nobody serves one. */
  readonly modelled: (path: string) => readonly string[] | undefined
}

/** Nothing is encoded, doubled or left out in it: another server reads no other path there than we do. */
const PLAIN = /^(?:\/[\w.~:@!$&'()*+,=-]+)+\/?$/

/** `/v1/*`, whatever no other route takes. */
export const passthroughRoutes = ({ passthrough, auth, modelled }: PassthroughRouteParts) =>
  new Elysia({ detail: { hide: true } }).all(
    '/v1/*',
    async ({ request }) => {
      const caller = await auth(request)
      if (caller.kind === 'own') return passthrough.own(request, caller.secret)
      const { pathname: path, hash } = new URL(request.url)
      const methods = modelled(path)
      if (hash !== '' || !PLAIN.test(path) || methods?.length === 0) throw unknownPath(path)
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
