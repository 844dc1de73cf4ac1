import { expect, test } from 'bun:test'
import { wantedOf } from '#src/admin/accounts/changes'
import { fieldsOf } from '#src/admin/accounts/edit-form'
import { look, unread } from '#src/admin/accounts/look'
import { placeText, problemText } from '#src/admin/accounts/problem-words'
import type { AccountKind } from '#src/store/accounts'

/** What is said against a text that was pasted, all of it. */
function against(text: string, kind?: AccountKind): string {
  try {
    const pasted = look(text, kind)
    const problems = pasted.places.flatMap((place) => ('problem' in place ? [place.problem] : []))
    return problems.length > 0 ? problems.join(' ') : unread({ places: [] }).message
  } catch (cause) {
    return String((cause as Error).message)
  }
}

/** What is said against fields. */
function said(check: () => unknown): string {
  try {
    check()
  } catch (cause) {
    return String((cause as Error).message)
  }
  throw new Error('There is nothing wrong with it.')
}

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.c2lnbmF0dXJl'
const wanted = (kind: AccountKind, fields: Parameters<typeof wantedOf>[1], canProxy = true) =>
  said(() => wantedOf(kind, fields, canProxy))
const form = (fields: Record<string, string>, kind: AccountKind = 'web') =>
  said(() => fieldsOf(new URLSearchParams(fields), { kind, baseUrl: 'https://host' }))

/** Three words in a row are a sentence of English; names and examples are not. */
const ENGLISH = /(?<![\w-])[A-Za-z][a-z]+ [a-z]+ [a-z]+/

test.each([
  ...[' ', 'hello', 'https://host/v1', 'xai-…', 'sk-groxy-abcdefgh', 'sk-ant-abcdefgh', 'sso='],
  ...[
    'sso=a b',
    'sso=a…',
    'sso=a"b',
    `a=b; c=d`,
    `sso=${JWT}; sso-rw=x`,
    `sso=${'a'.repeat(5000)}`,
  ],
  ...[
    '[{"token":"a b"}]',
    '{"token":',
    '{"odd":{}}',
    '[1]',
    '{"a":1}\nno',
    '[{"kind":"x","token":"a"}]',
  ],
  ...['token,tier\n"a"b,basic', `${JWT},gold\n${JWT},basic`, 'curl https://grok.com/ -H "a: b"'],
  ...['curl https://host/v1/models', `[{"token":"${JWT}","kind":"xai","base_url":"no"}]`],
])('what is wrong with %j is said in Chinese', (text) => {
  const english = against(text)
  expect(english).toMatch(ENGLISH)
  const chinese = problemText({ language: 'zh' }, english)
  expect(chinese).toMatch(/\p{Script=Han}/u)
  expect(chinese).not.toMatch(ENGLISH)
  expect(problemText({ language: 'en' }, english)).toBe(english)
})

test.each([
  ['a name', wanted('xai', { name: 'a/b' })],
  ['a model', wanted('xai', { models: ['\u202e'] })],
  ['an address', wanted('xai', { base_url: 'ftp://host' })],
  ['an address with a password', wanted('xai', { base_url: 'https://a:b@host' })],
  ['an address with a question', wanted('xai', { base_url: 'https://host/?a' })],
  ['a key', wanted('xai', { secret: 'a b' })],
  ['a proxy where there is none', wanted('xai', { proxy: 'http://host:1' }, false)],
  ['a proxy', wanted('xai', { proxy: 'http://host:1/path' })],
  ['a proxy of another kind', wanted('xai', { proxy: 'socks5://host:1' })],
  ['a header', wanted('web', { headers: { 'a b': 'c' } })],
  ['a header of ours', wanted('web', { headers: { cookie: 'c' } })],
  ['a header of two lines', wanted('web', { headers: { a: 'b\nc' } })],
  ['cookies', wanted('web', { cookies: 'a b' })],
  ['a number', form({ weight: 'x' })],
  ['too small a number', form({ weight: '0', name: 'n' })],
  ['too large a number', form({ weight: '1001', name: 'n' })],
  ['lines of headers', form({ weight: '1', name: 'n', headers: 'no' })],
  ['two names', 'There is already an xai account named "main". Choose another name.'],
  [
    'two secrets',
    'That secret is there already, as the web account "a b". Change that one instead.',
  ],
  ['another kind', 'That is an account of the kind web.'],
  ['many at once', 'There are 3 accounts in that text: import it.'],
  ['what is left out', 'Added without cf_clearance, x-own.'],
])('what is wrong with %s is said in Chinese', (_, english) => {
  const chinese = problemText({ language: 'zh' }, english)
  expect(chinese).toMatch(/\p{Script=Han}/u)
  expect(chinese.replace(/“[^”]*”/g, '')).not.toMatch(ENGLISH)
})

test('places are told in both languages, and what is unknown stays', () => {
  expect(placeText({ language: 'zh' }, 'line 3')).toBe('第 3 行')
  expect(placeText({ language: 'en' }, 'line 3')).toBe('line 3')
  expect(placeText({ language: 'zh' }, 'accounts[3]')).toBe('accounts[3]')
  expect(problemText({ language: 'zh' }, 'Some upstream said so.')).toBe('Some upstream said so.')
})
