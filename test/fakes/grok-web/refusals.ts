import type { State, WebAccount } from './accounts'
import type { Endpoint } from './records'

/** How the site names a failure: a gRPC code and a text. */
const failure = (code: number, message: string) => ({ code, message, details: [] })

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers })

const WORDS: Readonly<Record<WebAccount['marker'], string>> = {
  'bad-credentials': 'The credentials are not valid. [WKE=unauthenticated:bad-credentials]',
  'invalid-credentials': 'Invalid credentials. [WKE=unauthenticated:invalid-credentials]',
  'failed to look up session id': 'Failed to look up session ID.',
  'session not found': 'Session not found.',
  'token revoked': 'The token was revoked: token revoked.',
  'token expired': 'The token is no longer valid: token expired.',
}

const CHALLENGE = `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>
<body><h1>grok.com</h1><p>Verifying you are human. This may take a few seconds.</p></body></html>`

/** What a client is told, each as the site says it (protocol, 2.13). */
export const refusals = {
  expired: (marker: WebAccount['marker'] = 'invalid-credentials') =>
    json(401, failure(16, WORDS[marker])),
  blocked: () =>
    json(403, failure(7, 'User is blocked: violation of terms [WKE=unauthorized:blocked-user]')),
  emailRejected: () =>
    json(400, failure(3, 'This email may not be used. [WKE=account:email-domain-rejected]')),
  challenged: () =>
    new Response(CHALLENGE, {
      status: 403,
      headers: { 'content-type': 'text/html; charset=UTF-8', 'cf-mitigated': 'challenge' },
    }),
  challengedEmpty: () => new Response(null, { status: 403 }),
  antiBot: () => json(403, { error: failure(7, 'Request rejected by anti-bot rules.') }),
  limited: (retryAfter?: number) =>
    json(
      429,
      { error: failure(8, 'Too many requests') },
      retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    ),
  moderated: () =>
    json(403, failure(7, 'Content was refused: content-moderated [WKE=grok:content-moderated]')),
  moderatedText: () => new Response('Refused: content-moderated', { status: 403 }),
  invalid: (message: string) => json(400, failure(3, message)),
  missing: (message: string) => json(404, failure(5, message)),
  tooLarge: () => new Response('Request Entity Too Large', { status: 413 }),
  broken: (status = 500) => json(status, failure(13, 'Internal error')),
} as const

const CHATS: readonly Endpoint[] = ['new', 'follow-up']
const GUARDED: readonly Endpoint[] = [...CHATS, 'upload', 'upload-v2', 'post', 'link', 'upscale']

/** The states in which a chat is answered 200, and fails in its first line. */
const IN_BAND: Partial<Record<State, unknown>> = {
  anti_bot_in_band: { error: failure(7, 'Request rejected by anti-bot rules.') },
  limited_in_band: { error: failure(8, 'Too many requests') },
  heavy_usage_in_band: {
    error: failure(8, 'Grok is under heavy usage right now. Please try again in a while.'),
  },
  usage_limit_in_band: {
    result: {
      response: { error: { message: "You've reached your usage limit. Please try again later." } },
    },
  },
}

/** The one line that a chat of this account consists of, if its state says so. */
export const inBandRefusal = ({ state }: WebAccount): unknown => IN_BAND[state]

/** What the account's state answers at this endpoint; undefined when the call may go on. */
export function refusalOf(account: WebAccount, endpoint: Endpoint): Response | undefined {
  const isChat = CHATS.includes(endpoint)
  switch (account.state) {
    case 'expired':
      return refusals.expired(account.marker)
    case 'blocked':
      return refusals.blocked()
    case 'email_rejected':
      return refusals.emailRejected()
    case 'challenged':
      return refusals.challenged()
    case 'challenged_empty':
      return refusals.challengedEmpty()
    case 'anti_bot':
      return GUARDED.includes(endpoint) ? refusals.antiBot() : undefined
    case 'limited':
      return isChat || endpoint === 'imagine' ? refusals.limited(account.retryAfter) : undefined
    case 'moderated':
      return isChat ? refusals.moderated() : undefined
    default:
      return undefined
  }
}
