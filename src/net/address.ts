/**
 * Where nothing lives that a stranger's address may lead to: IANA's special-purpose registries of
 * IPv4 and IPv6, and what clouds have put elsewhere.
 */
const CLOSED = [
  '0.0.0.0/8', // this network, and "any address" of this machine
  '10.0.0.0/8', // private
  '100.64.0.0/10', // behind a carrier's NAT; metadata of Alibaba Cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's own services, seen from its machines only
  '169.254.0.0/16', // link-local; metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; metadata of Oracle Cloud
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays of 6to4, given up
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, given up; its addresses hold others
  '3fff::/20', // documentation
].map(readRange)

/**
 * All that IPv6 has given out to be reached. `::`, `::1`, IPv4-compatible, unique local (metadata
 * of AWS and Google among it), link-local, site-local and multicast addresses are elsewhere.
 */
const GLOBAL_UNICAST = readRange('2000::/3')

/** IPv6 addresses that stand for the IPv4 address at their end: mapped, and behind a NAT64. */
const CARRIERS = ['::ffff:0:0/96', '64:ff9b::/96'].map(readRange)
const CARRIED_AT = 12

interface Range {
  readonly bytes: readonly number[]
  readonly bits: number
}

/**
 * Whether an IP address belongs to the public internet. What is no address, or has a zone, does
 * not.
 */
export function isPublicAddress(text: string): boolean {
  const whole = readAddress(text)
  if (!whole) return false
  const address = CARRIERS.some((range) => covers(range, whole)) ? whole.slice(CARRIED_AT) : whole
  if (address.length > 4 && !covers(GLOBAL_UNICAST, address)) return false
  return !CLOSED.some((range) => covers(range, address))
}

/**
 * The bytes of an address. Read by the parser that reads URLs, so that no spelling means one thing
 * here and another there.
 */
function readAddress(text: string): readonly number[] | undefined {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (/^[\da-f:.]*:[\da-f:.]*$/i.test(bare)) {
    const url = `http://[${bare}]/`
    return URL.canParse(url) ? bytesOf(new URL(url).hostname.slice(1, -1)) : undefined
  }
  const url = `http://${bare}/`
  if (!/^[\da-fx.]+$/i.test(bare) || !URL.canParse(url)) return
  const { hostname } = new URL(url)
  return /^[\d.]+$/.test(hostname) ? hostname.split('.').map(Number) : undefined
}

/** The bytes of an IPv6 address as URLs write it: hexadecimal, one gap at most. */
function bytesOf(text: string): readonly number[] {
  const [left = [], right = []] = text
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')))
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...gap, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function readRange(text: string): Range {
  const [address = '', bits] = text.split('/')
  return { bytes: readAddress(address) ?? [], bits: Number(bits) }
}

function covers({ bytes, bits }: Range, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false
  return bytes.every((byte, at) => {
    const free = 8 - Math.min(Math.max(bits - at * 8, 0), 8)
    return byte >> free === (address[at] ?? 0) >> free
  })
}
