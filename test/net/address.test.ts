import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isPublicAddress } from '#src/net/address'

describe('an address of the public internet', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '168.63.129.15',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2a00:1450:4001:800::200e',
    '2620:fe::fe',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '0:0:0:0:0:ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '[2606:4700:4700::1111]',
  ])('%s', (address) => expect(isPublicAddress(address)).toBeTrue())
})

describe('an address of no public place', () => {
  test.each([
    ['any address', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.0.0.0'],
    ['private', '10.255.255.255'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.0.1'],
    ['behind a NAT of a carrier', '100.64.0.1'],
    ['metadata of Alibaba Cloud', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.255'],
    ['of Azure', '168.63.129.16'],
    ['link-local', '169.254.0.1'],
    ['metadata', '169.254.169.254'],
    ['metadata of Oracle Cloud', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['a relay of 6to4', '192.88.99.1'],
    ['benchmarks', '198.18.0.1'],
    ['benchmarks', '198.19.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.250'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['any address', '::'],
    ['loopback', '::1'],
    ['loopback at length', '0:0:0:0:0:0:0:1'],
    ['IPv4-compatible', '::8.8.8.8'],
    ['IPv4-compatible and private', '::10.0.0.1'],
    ['a mapped loopback', '::ffff:127.0.0.1'],
    ['a mapped loopback', '::ffff:7f00:1'],
    ['mapped metadata', '::ffff:a9fe:a9fe'],
    ['mapped in another way', '::ffff:0:127.0.0.1'],
    ['a mapped private one in capitals', '::FFFF:C0A8:0001'],
    ['private behind a NAT64', '64:ff9b::10.0.0.1'],
    ['metadata behind a NAT64', '64:ff9b::a9fe:a9fe'],
    ['a NAT64 of a network', '64:ff9b:1::8.8.8.8'],
    ['discard only', '100::1'],
    ['6to4 of a private one', '2002:a00:1::1'],
    ['6to4', '2002:808:808::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['benchmarks', '2001:2::1'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fdff:ffff::1'],
    ['metadata of AWS', 'fd00:ec2::254'],
    ['metadata of Google', 'fd20:ce::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['public, but with a zone', '2606:4700:4700::1111%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['segment routing', '5f00::1'],
    ['not given out', '4000::1'],
    ['loopback in brackets', '[::1]'],
    ['hexadecimal', '0x7f000001'],
    ['short', '127.1'],
    ['octal', '0177.0.0.1'],
    ['a number', '2130706433'],
    ['no address', 'example.com'],
    ['no address, though hexadecimal', 'abc.de'],
    ['too many parts', '1.2.3.4.5'],
    ['too large a part', '1.2.3.256'],
    ['a URL', 'http://8.8.8.8'],
    ['a port', '8.8.8.8:80'],
    ['a user', '8.8.8.8@10.0.0.1'],
    ['groups without an address', ':::'],
    ['nothing', ''],
  ])('%s: %s', (_, address) => expect(isPublicAddress(address)).toBeFalse())
})

const byte = fc.nat(255)
const privateAddress = fc.oneof(
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(0), byte, byte, byte),
)
const publicAddress = fc.tuple(fc.constantFrom(1, 8, 9, 93, 151, 185), byte, byte, byte)

type Quad = readonly [number, number, number, number]

const numberOf = ([a, b, c, d]: Quad) => ((a * 256 + b) * 256 + c) * 256 + d
const hex = (value: number) => `0x${value.toString(16)}`
const octal = (value: number) => `0${value.toString(8)}`
const groups = ([a, b, c, d]: Quad) => `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
const wide = (text: string) =>
  text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
const escaped = (text: string) =>
  text.replace(/\d/g, (digit) => `%${digit.charCodeAt(0).toString(16)}`)

/** All ways to write an IPv4 address that a URL may have for its host. */
const SPELLINGS: Readonly<Record<string, (quad: Quad) => string>> = {
  decimal: (quad) => quad.join('.'),
  'with a dot at its end': (quad) => `${quad.join('.')}.`,
  hexadecimal: (quad) => quad.map(hex).join('.'),
  'hexadecimal in capitals': (quad) => quad.map((part) => hex(part).toUpperCase()).join('.'),
  octal: (quad) => quad.map(octal).join('.'),
  'octal with many zeros': (quad) => quad.map((part) => `000000${octal(part)}`).join('.'),
  mixed: ([a, b, c, d]) => `${hex(a)}.${octal(b)}.${c}.${d}`,
  'three parts': ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  'two parts': ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  'a number': (quad) => `${numberOf(quad)}`,
  'a hexadecimal number': (quad) => hex(numberOf(quad)),
  'an octal number': (quad) => octal(numberOf(quad)),
  'wide digits': (quad) => wide(quad.join('.')),
  'wide dots': (quad) => quad.join('。'),
  escaped: (quad) => escaped(quad.join('.')),
  mapped: (quad) => `[::ffff:${quad.join('.')}]`,
  'mapped at length': (quad) => `[0:0:0:0:0:ffff:${quad.join('.')}]`,
  'mapped in hexadecimal': (quad) => `[::FFFF:${groups(quad)}]`,
  'behind a NAT64': (quad) => `[64:ff9b::${groups(quad)}]`,
}

describe.each(Object.entries(SPELLINGS))('as a URL may write it: %s', (_, spell) => {
  const isPublic = (quad: Quad) => isPublicAddress(new URL(`http://${spell(quad)}/`).hostname)

  test('a private address is told', () =>
    fc.assert(fc.property(privateAddress, (quad) => expect(isPublic(quad)).toBeFalse())))
  test('a public address is told', () =>
    fc.assert(fc.property(publicAddress, (quad) => expect(isPublic(quad)).toBeTrue())))
})

test('a private address within 6to4, Teredo or an IPv4-compatible address is refused', () =>
  fc.assert(
    fc.property(privateAddress, (quad) => {
      const [high, low] = groups(quad)
        .split(':')
        .map((group) => Number.parseInt(group, 16))
      const turned = [high, low].map((group = 0) => (group ^ 0xffff).toString(16)).join(':')
      for (const text of [
        `2002:${groups(quad)}::1`,
        `2001:0:102:304:0:ffff:${turned}`,
        `::${quad.join('.')}`,
        `::ffff:0:${quad.join('.')}`,
      ])
        expect(isPublicAddress(text)).toBeFalse()
    }),
  ))
