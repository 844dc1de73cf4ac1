/** Headers between two neighbours only (RFC 9110, 7.6.1), and those that would tell who is behind us. */
const NEVER = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'cookie',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-real-ip',
])

const NEVER_BEGINNINGS = ['x-forwarded-', 'cf-', 'x-groxy-', 'sec-', 'fly-']

const passes = (name: string): boolean =>
  !NEVER.has(name) && !NEVER_BEGINNINGS.some((beginning) => name.startsWith(beginning))

/** The caller's headers that an upstream may see, with the credential to use there. */
export function requestHeaders(headers: Headers, secret: string): Headers {
  const passed = keep(headers)
  passed.set('authorization', `Bearer ${secret}`)
  passed.set('accept-encoding', 'identity')
  return passed
}

/** The upstream's headers that a caller may see. */
export const responseHeaders = (headers: Headers): Headers => keep(headers)

/** The same for one of our keys, which has limits of its own and no business with the account's. */
export function pooledHeaders(headers: Headers): Headers {
  const kept = keep(headers)
  for (const name of [...kept.keys()]) if (name.startsWith('x-ratelimit-')) kept.delete(name)
  return kept
}

function keep(headers: Headers): Headers {
  const kept = new Headers()
  headers.forEach((value, name) => {
    if (passes(name)) kept.append(name, value)
  })
  return kept
}
