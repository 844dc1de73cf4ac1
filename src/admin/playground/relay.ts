import { ApiError } from '../../errors'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'

/** What the page asks for, and nothing else of `/v1`. */
const ASKED: readonly (readonly [method: string, path: RegExp])[] = [
  ['GET', /^\/models$/],
  ['POST', /^\/chat\/completions$/],
  ['POST', /^\/responses$/],
  ['POST', /^\/images\/(?:generations|edits)$/],
  ['POST', /^\/videos$/],
  ['GET', /^\/videos\/[\w-]+$/],
  ['DELETE', /^\/videos\/[\w-]+$/],
  ['GET', /^\/videos\/[\w-]+\/content$/],
  ['POST', /^\/uploads\/image$/],
]

/** What of a request says how it is to be answered; who asks is said by the gateway itself. */
const PASSED_ON = ['accept', 'content-length', 'content-type', 'if-none-match', 'if-range', 'range']

/** Beside a session it would be unclear who asks, and whose limits count. */
const BEARER = /^bearer\s/i

/** Answers of `/v1` are for every page; these are for ours. */
const FOR_ALL = /^access-control-/

/** Below the pages of the playground. */
export const RELAY_PATH = '/v1'

const WHOLE_PATH = `/admin/playground${RELAY_PATH}`

/** The id under which the ledger has what was asked: the answer's own is that of the way here. */
const REQUEST_HEADER = 'x-playground-request-id'

/** Answers what the playground asks as the gateway answers programs, with a key of its own. */
export const createRelay =
  ({ serve, houseKey, viewOf }: Pick<AdminParts, 'serve' | 'houseKey' | 'viewOf'>) =>
  async ({ by }: Operator, request: Request): Promise<Response> => {
    if (by === 'session' && BEARER.test(request.headers.get('authorization') ?? ''))
      throw new ApiError(
        'invalid_api_key',
        'The playground asks with a key of its own and takes no other: programs send theirs to /v1.',
      )
    const { pathname, search } = new URL(request.url)
    const path = pathname.slice(WHOLE_PATH.length)
    if (!ASKED.some(([method, known]) => method === request.method && known.test(path)))
      throw new ApiError(
        'not_found',
        `The playground does not ask ${request.method} /v1${path.slice(0, 200)}: programs do, with a key.`,
      )
    const headers = new Headers({ authorization: `Bearer ${await houseKey.secret()}` })
    for (const name of PASSED_ON) {
      const value = request.headers.get(name)
      if (value !== null) headers.set(name, value)
    }
    const { method, body, signal } = request
    // An origin that the operator has set may have a path, which is the way of a proxy before us.
    const { origin } = new URL(viewOf(request).origin)
    const answer = await serve(
      new Request(`${origin}/v1${path}${search}`, { method, headers, body, signal }),
    )
    const ownId = answer.headers.get('x-request-id')
    if (ownId) answer.headers.set(REQUEST_HEADER, ownId)
    for (const name of [...answer.headers.keys()])
      if (FOR_ALL.test(name)) answer.headers.delete(name)
    answer.headers.set('cache-control', 'no-store')
    answer.headers.set('x-content-type-options', 'nosniff')
    answer.headers.set('cross-origin-resource-policy', 'same-origin')
    return answer
  }
