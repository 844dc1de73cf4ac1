import { contextOf, setContext } from './http/context'

type Handle = (request: Request) => Response | Promise<Response>

/** Where answers are pictures, videos and files. */
const LARGE = /^\/(?:images|videos)\/[^/]+$|^\/v1\/(?:files|videos)\/[^/]+\/content$/

/**
 * Answers who asks for the head of something that may be large, by what the whole would be. Elysia would
 * read all of it, too, and say of what has no body yet that it is empty.
 */
export const withHeads =
  (handle: Handle): Handle =>
  (request) =>
    request.method === 'HEAD' && LARGE.test(new URL(request.url).pathname)
      ? headOf(request, handle)
      : handle(request)

async function headOf(request: Request, handle: Handle): Promise<Response> {
  // Of a head there are no parts.
  const headers = new Headers(request.headers)
  headers.delete('range')
  const asked = new Request(request.url, { headers, signal: request.signal })
  const context = contextOf(request)
  if (context) setContext(asked, context)
  const response = await handle(asked)
  const head = new Response(null, response)
  if (!response.ok || response.headers.has('content-length')) {
    response.body?.cancel().catch(() => {})
    return head
  }
  // How long something is that is on its way shows at its end.
  let length = 0
  for await (const piece of response.body ?? []) length += piece.length
  head.headers.set('content-length', String(length))
  return head
}
