import type { CookieHeader } from './cookies'
import { type Html, html } from './html'

/** Only our own files, and no script or style within a page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What every answer of the admin page says to browsers. */
export const GUARDING: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/** An answer that also carries cookies, wherever it came from; those that it sets itself stay as they are. */
export function withCookies(answer: Response, cookies: readonly CookieHeader[]): Response {
  if (cookies.length === 0) return answer
  const carrying = new Response(answer.body, answer)
  const own = new Set(carrying.headers.getSetCookie().map(nameOf))
  for (const [name, value] of cookies)
    if (!own.has(nameOf(value))) carrying.headers.append(name, value)
  return carrying
}

const nameOf = (cookie: string): string => cookie.slice(0, cookie.indexOf('='))

/** A page or a part of one. */
export const markupAnswer = (
  { markup }: Html,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(markup, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...GUARDING, ...headers },
  })

/** Send a browser elsewhere: htmx would follow a redirect and put the page into a part of this one. */
export const redirect = (
  location: string,
  { isPartial }: { readonly isPartial: boolean },
  headers: readonly (readonly [string, string])[] = [],
): Response => {
  const answer = isPartial
    ? new Response(null, { status: 200 })
    : new Response(null, { status: 303 })
  for (const [name, value] of Object.entries(GUARDING)) answer.headers.set(name, value)
  answer.headers.set(isPartial ? 'hx-redirect' : 'location', location)
  for (const [name, value] of headers) answer.headers.append(name, value)
  return answer
}

/** JSON of the admin API: never kept by caches. */
export const jsonAnswer = (
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json',
      ...GUARDING,
      ...headers,
    },
  })

/** Something to be read out and shown at the top of the page, whatever else an answer holds. */
export const notice = (text: string, kind: 'good' | 'bad' = 'good'): Html => html`
  <hx-partial hx-target="#notice" hx-swap="innerHTML"><p class="${kind}">${text}</p></hx-partial>`

/**
 * A form that was refused, with what is wrong with it. It is merged with that on the page: what is secret
 * is never sent back, and stays there as it was typed.
 */
export const refusedForm = (form: Html, status: number): Response =>
  markupAnswer(form, status, { 'hx-reswap': 'outerMorph' })
