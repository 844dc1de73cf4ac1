import { contextOf } from '../http/context'

interface AddressParts {
  /** What the platform itself says of where a request comes from, where it does. */
  readonly ofPlatform: ((request: Request) => string | undefined) | undefined
  /** Whether an address is that of a proxy before us. */
  readonly isTrusted: (address: string) => boolean
}

/** From where a request comes, where that can be known: of proxies before us the word of the last is believed. */
export const createAddresses =
  ({ ofPlatform, isTrusted }: AddressParts) =>
  (request: Request): string | undefined => {
    const { original = request, listener } = contextOf(request) ?? {}
    const peer = ofPlatform?.(original) ?? listener?.requestIP(original)?.address
    if (peer === undefined || !isTrusted(peer)) return peer
    const said = (original.headers.get('x-forwarded-for') ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => ADDRESS.test(one))
    return said.findLast((one) => !isTrusted(one)) ?? said[0] ?? peer
  }

export type AddressOf = ReturnType<typeof createAddresses>

const ADDRESS = /^[\da-f.:]{2,45}$/i

/** What one household or server has of addresses: of IPv6 it has 2^64. */
export function sourceOf(address: string | undefined): string {
  if (!address) return 'unknown'
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped || !address.includes(':')) return mapped ?? address
  const host = URL.parse(`http://[${address.split('%')[0]}]/`)?.hostname.slice(1, -1) ?? address
  const [head = '', tail] = host.split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const groups = [
    ...before,
    ...Array(Math.max(0, 8 - before.length - after.length)).fill('0'),
    ...after,
  ]
  return `${groups.slice(0, 4).join(':')}::/64`
}
