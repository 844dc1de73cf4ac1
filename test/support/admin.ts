import { type Gateway, gateway } from './gateway'

export const PASSWORD = 'correct horse battery staple'

/** A gateway whose operator is logged in. */
export async function adminWorld(options: Parameters<typeof gateway>[0] = {}) {
  const it = await gateway({ ...options, env: { ADMIN_PASSWORD: PASSWORD, ...options.env } })
  const admin = await logIn(it, options.env?.ADMIN_PASSWORD ?? PASSWORD)
  return { ...it, ...admin, gate: it, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

/** Log in as a browser would, and ask as that browser from then on. */
export async function logIn({ url }: Pick<Gateway, 'url'>, password = PASSWORD) {
  const answer = await fetch(`${url}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ password }),
  })
  return browserOf({ url }, answer)
}

/** Ask as the browser that got an answer with cookies. */
export function browserOf({ url }: Pick<Gateway, 'url'>, answer: Response) {
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  const headers = { cookie, origin: url, 'sec-fetch-site': 'same-origin' }
  return {
    cookie,
    /** A page as somebody sees it. */
    page: (path: string, init: RequestInit = {}) =>
      fetch(url + path, { redirect: 'manual', ...init, headers: { ...headers, ...init.headers } }),
    /** What htmx sends for a form, and the part of the page it gets. */
    send: (path: string, fields: Record<string, string>, method = 'POST') =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: { ...headers, 'hx-request': 'true', 'hx-request-type': 'partial' },
        body: new URLSearchParams(fields),
      }),
    /** A call of the JSON API. */
    api: (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') =>
      fetch(`${url}/admin/api${path}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
  }
}
