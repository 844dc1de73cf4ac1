import { SetupError } from './errors'

/** Tells whether an address, of IPv4 or IPv6, lies in one of some networks. */
export type Networks = (address: string) => boolean

/**
 * Read `TRUSTED_PROXIES`: addresses and networks in CIDR notation, with commas or spaces between them.
 *
 * @throws SetupError for anything else
 */
export function readNetworks(text: string): Networks {
  const networks = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(readNetwork)
  if (networks.length === 0) return () => false
  return (address) => {
    const bits = bitsOf(address)
    return bits !== undefined && networks.some((prefix) => bits.startsWith(prefix))
  }
}

function readNetwork(text: string): string {
  const [address = '', length] = text.split('/')
  const bits = bitsOf(address)
  const most = address.includes(':') ? IPV6_BITS : IPV4_BITS
  const wanted = length === undefined ? most : Number(length)
  if (bits === undefined || !/^\d*$/.test(length ?? '') || length === '' || wanted > most)
    throw new SetupError(
      `"${text}" in TRUSTED_PROXIES is no address and no network.`,
      'Write addresses such as 10.0.0.1 and networks such as 10.0.0.0/8, with commas between them.',
    )
  return bits.slice(0, IPV6_BITS - most + wanted)
}

const IPV4_BITS = 32
const IPV6_BITS = 128
const MAPPED = `${'0'.repeat(80)}${'1'.repeat(16)}`

/** An address as 128 binary digits, of IPv4 as IPv6 maps it; undefined for anything else. */
function bitsOf(address: string): string | undefined {
  const [plain = ''] = address.split('%')
  const four = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(plain)
  if (four) {
    const parts = four.slice(1).map(Number)
    return parts.every((part) => part <= 255)
      ? MAPPED + parts.map((part) => digits(part, 8)).join('')
      : undefined
  }
  const host = URL.parse(`http://[${plain}]/`)?.hostname
  if (!plain.includes(':') || host === undefined) return
  const [head = '', tail] = host.slice(1, -1).split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  const groups = tail === undefined ? before : [...before, ...zeros, ...after]
  return groups.map((group) => digits(Number.parseInt(group, 16), 16)).join('')
}

const digits = (value: number, length: number): string => value.toString(2).padStart(length, '0')
