import { SetupError } from './errors'

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * Read the address of an HTTP(S) proxy as operators write it: `HOST:PORT` means `http://HOST:PORT`.
 * What is wrong is said without the address, which may hold a password.
 *
 * @throws SetupError when it is no such address
 */
export function readProxy(text: string): string {
  const given = text.trim()
  const address = SCHEME.test(given) ? given : `http://${given}`
  if (/^socks/i.test(address))
    throw new SetupError(
      'SOCKS proxies are not supported.',
      'Give the address of an HTTP or HTTPS proxy; most programs that offer SOCKS offer HTTP too, on another port.',
    )
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isProxy = url && /^https?:$/.test(url.protocol) && url.hostname !== ''
  if (!isProxy || url.pathname !== '/' || url.search || url.hash)
    throw new SetupError(
      'That is no address of an HTTP(S) proxy.',
      'Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with signs such as @ or / in the password escaped (%40, %2F).',
    )
  const { protocol, username, password, host } = url
  const user = username || password ? `${username}${password && `:${password}`}@` : ''
  return `${protocol}//${user}${host}`
}

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** `HOST:PORT` of a proxy: all that may be shown of its address. */
export function proxyName(address: string): string {
  if (!URL.canParse(address)) return 'proxy'
  const { protocol, hostname, port } = new URL(address)
  return `${hostname}:${port || PORTS[protocol]}`
}
