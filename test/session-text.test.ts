import { describe, expect, test } from 'bun:test'
import { isCookieLine, readSession } from '#src/session-text'

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.a-b_c'

describe('a session', () => {
  test.each([
    ['bare', JWT],
    ['with a stray semicolon', `${JWT};`],
    ['with spaces around it', `  ${JWT}\r\n`],
    ['in quotes', `"${JWT}"`],
    ['as a cookie', `sso=${JWT}`],
    ['as a cookie in capitals', `SSO=${JWT}`],
    ['as the other cookie', `sso-rw=${JWT}`],
    ['as both', `sso=${JWT};sso-rw=${JWT}`],
    ['as a cookie with a quoted value', `sso="${JWT}"`],
    ['as a header', `Cookie: sso=${JWT}; sso-rw=${JWT}`],
  ])('is read %s', (_, text) => {
    expect(readSession(text)).toEqual({
      token: JWT,
      extras: { headers: {}, cookies: '' },
      leftOut: [],
    })
  })

  test('may be filled up as base64 is', () => {
    expect(readSession('YWJj==').token).toBe('YWJj==')
    expect(readSession('sso=YWJj==').token).toBe('YWJj==')
  })

  test('leaves the other cookies of its line to be sent along, but those that cannot be', () => {
    const line = `i18n=en; sso=${JWT}; cf_clearance=x.y-1_z=; prefs="a, b"; sso-rw=${JWT}; stray`
    expect(readSession(line)).toEqual({
      token: JWT,
      extras: { headers: {}, cookies: 'i18n=en; cf_clearance=x.y-1_z=' },
      leftOut: ['prefs', '(without a name)'],
    })
  })

  test.each([
    ['', 'is empty'],
    [' \n ', 'is empty'],
    ['sso=', 'is empty'],
    ['sso=; cf_clearance=a', 'is empty'],
    ['cf_clearance=abc', 'no cookie "sso"'],
    ['cf_clearance=abc; foo=bar', 'no cookie "sso"'],
    ['sso=one; sso-rw=two', 'are not the same'],
    [`${JWT}\n${JWT}`, 'more than one line'],
    ['two words', 'a space in it'],
    ['tab\there', 'a space in it'],
    ['bell\u0007', 'a sign in it'],
    ['name@example.org----password----token', 'a sign in it'],
    ['ключ', 'a sign in it'],
    ['---', 'a sign in it'],
    ['eyJ0eXAiOiJKV1Qi...', 'cut short'],
    ['eyJ0eXAiOiJKV1Qi…', 'cut short'],
    ['x'.repeat(4097), 'too long'],
    [`sso=${'x'.repeat(4097)}`, 'too long'],
    [`sso=a; filler=${'x'.repeat(20_000)}`, 'too long'],
  ])('is refused as %p', (text, problem) => {
    expect(() => readSession(text)).toThrow(problem)
  })

  test('is not quoted by what refuses it', () => {
    for (const text of ['s3cret token', 's3cret@token', 'sso=s3cret; sso-rw=other', 's3cret...'])
      expect(() => readSession(text)).toThrow(/^(?!.*s3cret)/)
  })
})

test.each([
  [`sso=${JWT}`, true],
  [`sso=${JWT}; cf_clearance=a,b`, true],
  [`foo=bar; sso-rw=${JWT}`, true],
  [JWT, false],
  ['foo=bar; baz=1', false],
  [`sso=${JWT},super,a`, false],
  [`sso=${JWT};super;a`, false],
  [`sso=${JWT}\tsuper`, false],
])('%p is a line of cookies: %p', (line, is) => {
  expect(isCookieLine(line)).toBe(is)
})
