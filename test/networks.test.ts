import { expect, test } from 'bun:test'
import { SetupError } from '#src/errors'
import { readNetworks } from '#src/networks'

test.each([
  ['10.0.0.0/8', '10.200.3.4', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.1.1.1', true],
  ['10.0.0.7', '10.0.0.7', true],
  ['10.0.0.7', '10.0.0.8', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['192.168.0.0/16, fd00::/8', 'fd12::3', true],
  ['192.168.0.0/16 fd00::/8', 'fe80::3', false],
  ['::1', '::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['', '127.0.0.1', false],
  ['127.0.0.1', 'unknown', false],
  ['127.0.0.1', '999.0.0.1', false],
])('the networks "%s" have %s: %p', (networks, address, expected) => {
  expect(readNetworks(networks)(address)).toBe(expected)
})

test.each(['10.0.0.0/33', 'proxy.example', '10.0.0.0/', '10.0.0/8', 'fd00::/129', '10.0.0.0/x'])(
  '"%s" is no network',
  (text) => {
    expect(() => readNetworks(text)).toThrow(SetupError)
  },
)
