import { describe, expect, test } from 'bun:test'
import { joinExtras, NO_EXTRAS, readCookies, readHeaders } from '#src/extras'
import { gateway } from './support/gateway'

describe('headers of an operator', () => {
  test('are read line by line, by lower-case name', () => {
    const text = 'X-Statsig-Id: a b\r\n\n  User-Agent:Mozilla/5.0 (X11)  '
    expect(readHeaders(text)).toEqual({ 'x-statsig-id': 'a b', 'user-agent': 'Mozilla/5.0 (X11)' })
  })

  test.each([
    ['no colon'],
    [': no name'],
    ['name:'],
    ['two words: value'],
    ['user-agent: Mozilla/5.0 …'],
    ['user-agent: …Mozilla'],
    ['x: a\u0000b'],
    ['Cookie: a=b'],
    ['HOST: elsewhere'],
  ])('are refused when they are none, or are not theirs to set: %j', (line) => {
    expect(() => readHeaders(line)).toThrow()
  })
})

test('cookies are read as a browser sends them, and nothing else is', () => {
  expect(readCookies(' a=b ;c=d== ')).toBe('a=b; c=d==')
  for (const text of ['a', 'a=b c', 'a=b\nc=d', 'a="b"']) expect(() => readCookies(text)).toThrow()
})

test('of two, the second goes before the first', () => {
  const one = { headers: { a: '1', b: '1' }, cookies: 'x=1; y=1' }
  const other = { headers: { b: '2' }, cookies: 'y=2; z=2' }
  const both = { headers: { a: '1', b: '2' }, cookies: 'x=1; y=2; z=2' }
  expect(joinExtras(one, other)).toEqual(both)
  expect(joinExtras(one, NO_EXTRAS)).toBe(one)
  expect(joinExtras(NO_EXTRAS, other)).toBe(other)
})

test.each([
  ['web_user_agent', 'Mozilla/5.0 (X11)', 'Mozilla …'],
  ['web_x_statsig_id', 'a+b/c==', 'a\nb: c'],
  ['web_cf_clearance', 'a.b-c', 'a; b'],
  ['web_cookies', 'a=b; c=d', 'a b'],
  ['web_headers', 'a: b\nc: d', 'a b'],
] as const)(
  'the setting %s is kept sealed, is checked, and goes with "none"',
  async (name, good, bad) => {
    await using it = await gateway()
    const { settings } = it.stores
    await settings.set(name, good)
    expect((await settings.all())[name]).toBe(good)
    const { rows } = await it.client.execute('SELECT value FROM settings')
    expect(JSON.stringify(rows)).not.toContain(JSON.stringify(good).slice(1, -1))
    await expect(settings.set(name, bad)).rejects.toThrow()
    expect((await settings.all())[name]).toBe(good)
    await settings.set(name, 'none')
    expect((await settings.all())[name]).toBe('')
  },
)
