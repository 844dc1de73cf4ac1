export const PASSWORD = 'correct horse battery staple'

interface At {
  readonly url: string
}

/** Log in as a browser would, and ask as that browser from then on. */
export async function logIn({ url }: At, password = PASSWORD) {
  const answer = await fetch(`${url}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ password }),
  })
  return browserOf({ url }, answer)
}

/** Ask as the browser that got an answer with cookies. */
export function browserOf({ url }: At, answer: Response) {
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
