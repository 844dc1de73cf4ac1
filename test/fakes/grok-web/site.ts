import type { Server } from 'bun'
import type { Accounts, WebAccount } from './accounts'
import type { createChat } from './chat'
import { faultsOf, flag, object, text } from './checks'
import type { Files } from './files'
import type { Socket } from './imagine'
import type { Limits } from './limits'
import type { Call, Endpoint, Records } from './records'
import { refusalOf, refusals } from './refusals'

/** What every call must bring besides the session: a value, or `true` for any. */
export interface Requirements {
  readonly headers?: Readonly<Record<string, string | true>>
  readonly cookies?: Readonly<Record<string, string | true>>
}

/** Answers a call instead of the fake; undefined to let it go on. */
export type Interceptor = (call: Call) => Response | undefined | Promise<Response | undefined>

interface Parts {
  readonly accounts: Accounts
  readonly records: Records
  readonly chat: ReturnType<typeof createChat>
  readonly files: Files
  readonly limits: Limits
  /** Where the site really is: its own origin. */
  readonly url: () => string
  readonly requirements: () => Requirements
  readonly intercept: Interceptor
}

const POSTS: Readonly<Record<string, Endpoint>> = {
  '/rest/app-chat/conversations/new': 'new',
  '/rest/app-chat/upload-file': 'upload',
  '/http/upload-file-v2/direct': 'upload-v2',
  '/rest/media/post/create': 'post',
  '/rest/media/post/create-link': 'link',
  '/rest/media/video/upscale': 'upscale',
  '/rest/rate-limits': 'rate-limits',
  '/rest/media/imagine/quota_info': 'quota-info',
  '/rest/livekit/tokens': 'livekit',
}

const FOLLOW_UP = /^\/rest\/app-chat\/conversations\/([^/]+)\/responses$/
const DELETE = /^\/rest\/assets-metadata\/([^/]+)$/
const UUID_4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i

function endpointOf(method: string, path: string): Endpoint {
  if (method === 'POST') return FOLLOW_UP.test(path) ? 'follow-up' : (POSTS[path] ?? 'unknown')
  if (method === 'GET' && path === '/rest/assets') return 'assets'
  if (method === 'GET' && path === '/ws/imagine/listen') return 'imagine'
  return method === 'DELETE' && DELETE.test(path) ? 'delete' : 'unknown'
}

/** The content types that a body may have. */
function typesOf(endpoint: Endpoint): RegExp | undefined {
  if (endpoint === 'upload') return /^(application\/json|text\/plain)\b/
  if (endpoint === 'upload-v2') return /^multipart\/form-data\b/
  return ['imagine', 'assets', 'delete', 'unknown'].includes(endpoint)
    ? undefined
    : /^application\/json\b/
}

async function bodyOf(request: Request, endpoint: Endpoint): Promise<unknown> {
  if (endpoint === 'upload-v2') return Object.fromEntries(await request.formData())
  const body = await request.text()
  return body === '' ? undefined : JSON.parse(body)
}

/** The stand-in for `https://grok.com`. */
export function createSite(parts: Parts) {
  const { accounts, records, chat, files, limits } = parts

  /** The headers that all clients send (2.1); the first that the site refuses to go without. */
  function headerRefusal({ headers, complaints, endpoint }: Call): Response | undefined {
    const says = (name: string) => headers.get(name) ?? ''
    if (endpoint !== 'imagine') {
      if (!UUID_4.test(says('x-xai-request-id')))
        complaints.push('x-xai-request-id must be a UUID of version 4')
      if (says('referer') === '') complaints.push('the header Referer is missing')
    }
    const origin = says('origin')
    if (origin !== 'https://grok.com' && origin !== parts.url()) {
      complaints.push(`the header Origin is wrong: '${origin}'`)
      return refusals.challengedEmpty()
    }
    const types = typesOf(endpoint)
    if (!types || types.test(says('content-type'))) return undefined
    complaints.push(`the content type '${says('content-type')}' is wrong`)
    return Response.json({ code: 3, message: 'Unsupported content type' }, { status: 415 })
  }

  /** What an operator must supply: an edge challenge without a cookie, anti-bot without a header. */
  function missingRefusal({ headers, cookies }: Call): Response | undefined {
    const { headers: neededHeaders = {}, cookies: neededCookies = {} } = parts.requirements()
    const isGiven = (given: string | null | undefined, needed: string | true) =>
      needed === true ? Boolean(given) : given === needed
    for (const [name, needed] of Object.entries(neededCookies))
      if (!isGiven(cookies[name], needed)) return refusals.challenged()
    for (const [name, needed] of Object.entries(neededHeaders))
      if (!isGiven(headers.get(name), needed)) return refusals.antiBot()
    return undefined
  }

  /** The account of the cookies; a refusal when there is none. */
  function entrant(call: Call): WebAccount | Response {
    const { sso, 'sso-rw': twin } = call.cookies
    if (sso === undefined) call.complaints.push('the cookie sso is missing')
    if (twin !== undefined && twin !== sso) call.complaints.push('sso-rw must be equal to sso')
    const account = twin === undefined || twin === sso ? accounts.withSso(sso ?? '') : undefined
    call.account = account?.name
    return account ?? refusals.expired('session not found')
  }

  function livekit(call: Call, account: WebAccount): Response {
    const known = {
      ...{ sessionPayload: text, requestAgentDispatch: flag, livekitUrl: text, params: object },
    }
    const faults = faultsOf(call.body, { known })
    call.complaints.push(...faults)
    if (faults.length > 0) return refusals.invalid(faults.join('; '))
    const claims = Buffer.from(JSON.stringify({ sub: account.userId })).toString('base64url')
    return Response.json({
      ...{ token: `eyJhbGciOiJIUzI1NiJ9.${claims}.c2lnbmVk`, livekitUrl: 'wss://livekit.grok.com' },
      ...{ participantName: account.userId, roomName: `room-${account.name}` },
    })
  }

  function route(call: Call, account: WebAccount): Response | Promise<Response> {
    const last = (form: RegExp) => decodeURIComponent(form.exec(call.path)?.[1] ?? '')
    switch (call.endpoint) {
      case 'new':
        return chat(call, account, undefined)
      case 'follow-up':
        return chat(call, account, last(FOLLOW_UP))
      case 'upload':
        return files.upload(call, account)
      case 'upload-v2':
        return files.uploadParts(call, account)
      case 'post':
        return files.post(call, account)
      case 'link':
        return files.link(call, account)
      case 'upscale':
        return files.upscale(call, account)
      case 'rate-limits':
        return limits.rates(call, account)
      case 'quota-info':
        return limits.products(call, account)
      case 'assets':
        return files.list(call, account)
      case 'delete':
        return files.remove(call, account, last(DELETE))
      case 'livekit':
        return livekit(call, account)
      default:
        call.complaints.push('there is no such endpoint')
        return refusals.missing('Not found')
    }
  }

  async function answer(
    call: Call,
    request: Request,
    server: Server<Socket>,
  ): Promise<Response | undefined> {
    const account = entrant(call)
    const broken = await bodyOf(request, call.endpoint)
      .then((body) => {
        call.body = body
      })
      .catch(() => {
        if (!request.signal.aborted) call.complaints.push('the body cannot be read')
        return refusals.invalid('The body cannot be read.')
      })
    const refused = headerRefusal(call)
    const intercepted = (await parts.intercept(call)) ?? missingRefusal(call)
    if (intercepted) return intercepted
    if (account instanceof Response) return account
    const early = refusalOf(account, call.endpoint) ?? refused ?? broken
    if (early) return early
    if (call.endpoint !== 'imagine') return route(call, account)
    if (server.upgrade(request, { data: { call, account, round: 0, isBusy: false } }))
      return undefined
    return new Response('Upgrade Required', { status: 426 })
  }

  return async (request: Request, server: Server<Socket>): Promise<Response | undefined> => {
    const call = records.open(request, endpointOf(request.method, new URL(request.url).pathname))
    const response = await answer(call, request, server)
    call.status = response?.status ?? 101
    if (!response) return undefined
    records.answered(call)
    return response
  }
}
