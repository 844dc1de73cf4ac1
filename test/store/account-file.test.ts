import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { FileAccount } from '#src/store/account-file/account'
import { readAccountFile } from '#src/store/account-file/read'
import { writeAccountFile } from '#src/store/account-file/write'

/** What a file says, an account a line: secret, tier, and what else is unusual about it. */
const told = (text: string): string[] =>
  readAccountFile(text).map((place) => {
    if ('problem' in place) return `${place.where}! ${place.problem}`
    if ('first' in place) return `${place.where} = ${place.first}`
    const { secret, tier, tags, note, name, enabled, extras, leftOut } = place.account
    const rest = [
      tags.length > 0 && `tags ${tags.join('+')}`,
      note && `note ${note}`,
      name && `name ${name}`,
      !enabled && 'off',
      extras?.cookies && `cookies ${extras.cookies}`,
      extras && Object.entries(extras.headers).map((header) => header.join(': ')),
      leftOut.length > 0 && `without ${leftOut.join('+')}`,
    ]
    return [`${place.where} ${secret} ${tier}`, ...rest.flat().filter(Boolean)].join(', ')
  })

const json = (value: unknown): string[] => told(JSON.stringify(value))

describe('JSON of the reference systems', () => {
  test('tokens by pool, with counters that are left behind', () => {
    expect(
      json({
        sso: { t1: { remainingQueries: -1, heavyremainingQueries: -1 }, t2: null },
        ssoSuper: { t3: { tags: ['a', 'b'], note: 'mine', status: 'expired', failedCount: 7 } },
      }),
    ).toEqual(['sso[0] t1 basic', 'sso[1] t2 basic', 'ssoSuper[0] t3 super, tags a+b, note mine'])
  })

  test('lists by pool, of tokens and of records', () => {
    const record = { token: 'sso=t2', status: 'disabled', quota: 80, tags: ['x'], note: 'n' }
    expect(json({ ssoBasic: ['t1', record], ssoSuper: [], ssoHeavy: ['t3'] })).toEqual([
      'ssoBasic[0] t1 basic',
      'ssoBasic[1] t2 basic, tags x, note n, off',
      'ssoHeavy[0] t3 heavy',
    ])
    expect(json({ basic: ['t1'], super: [{ token: 't2', tags: [] }], heavy: ['t3'] })).toEqual([
      'basic[0] t1 basic',
      'super[0] t2 super',
      'heavy[0] t3 heavy',
    ])
  })

  test('what an admin API answered, within what wraps it', () => {
    const info = { token: 't1', token_type: 'ssoSuper', remaining_queries: 3, status: '正常' }
    expect(json({ success: true, data: [info], total: 1 })).toEqual(['data[0] t1 super'])
    expect(json({ status: 'success', tokens: { ssoBasic: ['t1'] } })).toEqual([
      'tokens.ssoBasic[0] t1 basic',
    ])
  })

  test('records with the names that newer systems have for things', () => {
    expect(
      json([
        {
          provider: 'grok_web',
          name: 'me@example.org',
          sso_token: 't1',
          tier: 'auto',
          cloudflare_cookies: 'cf_clearance=c; sso=other; __cf_bm=d',
          userAgent: 'Mozilla/5.0',
        },
        {
          cookie: 'sso=t2; a=b',
          cf_clearance: 'cf_clearance=c',
          'x-statsig-id': 's',
          tags: 'a|b,c',
        },
        { cookies: 'a=b; sso=t3', enabled: false },
        { token: 't4', is_active: 0, tags: '["x","y"]', name: 'a/b\u001b[2J' },
      ]),
    ).toEqual([
      '[0] t1 null, name me@example.org, cookies cf_clearance=c; __cf_bm=d, user-agent: Mozilla/5.0',
      '[1] t2 null, tags a+b+c, cookies cf_clearance=c; a=b, x-statsig-id: s',
      '[2] t3 null, off, cookies a=b',
      '[3] t4 null, tags x+y, name a-b [2J, off',
    ])
  })

  test('a single account, and one that stands there twice', () => {
    expect(json({ token: 't1', tier: 'super' })).toEqual(['line 1 t1 super'])
    expect(json(['t1', 'sso=t1', { token: 't1' }])).toEqual([
      '[0] t1 null',
      '[1] = [0]',
      '[2] = [0]',
    ])
    expect(json({ sso: { t1: {} }, ssoSuper: { t1: {} } })).toEqual([
      'sso[0] t1 basic',
      'ssoSuper[0] = sso[0]',
    ])
  })

  test('what cannot be used is told of by its place, and stops nothing', () => {
    expect(json([5, null, [], { foo: 1 }, { token: 7 }, 'a b', 't1'])).toEqual([
      '[0]! That is neither a session nor a record of one.',
      '[1]! That is neither a session nor a record of one.',
      '[2]! That is neither a session nor a record of one.',
      '[3]! The session is empty.',
      '[4]! The session is empty.',
      '[5]! There is a space in it.',
      '[6] t1 null',
    ])
    expect(json({ ssoWhat: ['t1'], sso: ['t2'], scripts: { build: 'x' } })).toEqual([
      'ssoWhat! "ssoWhat" is no pool that Groxy knows.',
      'sso[0] t2 basic',
      'scripts! "scripts" is no pool that Groxy knows.',
    ])
  })

  test('a name that may be a token is not shown whole', () => {
    const [line = ''] = json({ 's3cret-token-without-a-pool': {} })
    expect(line).toContain('is no pool')
    expect(line).not.toContain('without')
  })

  test('headers and cookies that nobody may set are left out, and the account is taken', () => {
    const headers = { Host: 'x', 'X-Mine': '1', 'bad name': '2', Long: 'a\r\nb: c' }
    expect(json({ token: 't1', headers, cookies: 'ok=1; no="a, b"' })).toEqual([
      'line 1 t1 null, cookies ok=1, x-mine: 1, long: a b: c, without no+Host+bad name',
    ])
  })

  test('cut off or changed by hand it is refused as a whole', () => {
    expect(() => told('{"sso":{"t1":{}}')).toThrow('begins as JSON does, but is none')
    expect(() => told('[\n"t1",\n"t2"')).toThrow('begins as JSON does, but is none')
  })
})

test('JSON a line', () => {
  expect(
    told('{"token":"t1","tier":"heavy"}\n\n{"token":"t2"\n"sso=t3"\r\n{"token":"t1"}\n'),
  ).toEqual(['line 1 t1 heavy', 'line 3! It is no JSON.', 'line 4 t3 null', 'line 5 = line 1'])
})

describe('text', () => {
  test('a session a line, between comments and blank lines, whatever ends the lines', () => {
    const lines = [
      '\ufeff# mine',
      '',
      't1',
      '  sso=t2  ',
      'Cookie: sso=t3; a=b',
      '#t4',
      't1',
      '"t5"',
    ]
    const expected = [
      'line 3 t1 null',
      'line 4 t2 null',
      'line 5 t3 null, cookies a=b',
      'line 7 = line 3',
      'line 8 t5 null',
    ]
    for (const end of ['\n', '\r\n', '\r']) expect(told(lines.join(end))).toEqual(expected)
  })

  test('a bad line does not stop the rest', () => {
    expect(told('t1\ntwo words\n\u0000\nsso=a; sso-rw=b\nfoo=bar\nt2')).toEqual([
      'line 1 t1 null',
      'line 2! There is a space in it.',
      'line 3! There is a sign in it that no session has.',
      'line 4! Its cookies sso and sso-rw are not the same.',
      'line 5! There is no cookie "sso" in it.',
      'line 6 t2 null',
    ])
  })

  test('nothing at all is no account', () => {
    for (const nothing of ['', '\n\n', '# only words\n', '[]', '{}'])
      expect(told(nothing)).toEqual([])
  })
})

describe('tables', () => {
  const row = ['t1', 'super', 'a', 'note 1', 'name 1', 'disabled']
  const expected = 't1 super, tags a, note note 1, name name 1, off'

  test.each([',', ';', '\t'])('parted by %p, with a header and without', (delimiter) => {
    const line = row.join(delimiter)
    const header = ['Token', 'Tier', 'Tags', 'Note', 'Name', 'Status'].join(delimiter)
    expect(told(line)).toEqual([`line 1 ${expected}`])
    expect(told(`${header}\n${line}`)).toEqual([`line 2 ${expected}`])
    const turned = ['note', 'token', 'quota', 'type'].join(delimiter)
    expect(told(`# x, y; z\n${turned}\n${['n', 't1', '80', 'SSO'].join(delimiter)}`)).toEqual([
      'line 3 t1 basic, note n',
    ])
  })

  test('with quoted fields, which hold delimiters, quotes, lines and whole lines of cookies', () => {
    const text = [
      '"t1",super,"a,b","he said ""hi""\nand left",,',
      '"sso=t2; cf_clearance=c",heavy,x;y|z',
      't3;;"a, b"',
      ' "t4" , basic ',
    ].join('\n')
    expect(told(text)).toEqual([
      'line 1 t1 super, tags a+b, note he said "hi" and left',
      'line 3 t2 heavy, tags x+y+z, cookies cf_clearance=c',
      'line 4 t3 null, tags a+b',
      'line 5 t4 basic',
    ])
  })

  test('with quotes that are not closed, or closed too early', () => {
    const text = '"t1,super\nt2,super\n"t3"x,super\nt4,"open\nt5\n"t6'
    expect(told(text).map((line) => line.replace('A quote in it is not closed, or', '…'))).toEqual([
      'line 1! … not where a field ends.',
      'line 2 t2 super',
      'line 3! … not where a field ends.',
      'line 4! … not where a field ends.',
      'line 5 t5 null',
      'line 6! … not where a field ends.',
    ])
  })

  test('as the page of the first system exports them', () => {
    const header =
      'Token,类型,状态,普通调用剩余,高级调用剩余,限流原因,冷却剩余,最近失败原因,最近失败时间,创建时间'
    const text = `\ufeff${header}
"t1",SSO,正常,80,未使用,-,-,"-","-","2026/2/1 10:00:00"
"t2",SuperSSO,失效,0,3,429 冷却,5分,"401: ""gone""","2026/2/1 10:00","-"`
    expect(told(text)).toEqual(['line 2 t1 basic', 'line 3 t2 super'])
  })

  test('with a second field that is no tier, where no header says what it is', () => {
    expect(told('t1,unknown\nt2,-\nt3,TRUE,/,FALSE\nt4,')).toEqual([
      'line 1 t1 null',
      'line 2 t2 null',
      'line 3! Its second field is no tier: basic, super, heavy or unknown.',
      'line 4 t4 null',
    ])
  })

  test('as Excel saves them for where the semicolon parts fields', () => {
    expect(told('sep=;\r\ntoken;tags\r\nt1;a,b\r\n')).toEqual(['line 3 t1 null, tags a+b'])
  })
})

describe('other kinds', () => {
  test('have what an export says of them, and are the same only at the same address', () => {
    const one = { kind: 'openai', token: 'sk-1', base_url: 'http://a/v1', max: 3, models: ['m'] }
    const places = readAccountFile(JSON.stringify([one, { ...one, base_url: 'http://b/v1' }, one]))
    expect(places).toMatchObject([
      { account: { kind: 'openai', secret: 'sk-1', baseUrl: 'http://a/v1', maxInFlight: 3 } },
      { account: { models: ['m'], tier: null, extras: null } },
      { where: '[2]', first: '[0]' },
    ])
  })

  test.each([
    [{ kind: 'other', token: 'a' }, 'a kind that Groxy does not know'],
    [{ kind: 'xai', token: 'two words' }, 'no secret'],
    [{ kind: 'xai' }, 'no secret'],
    [{ kind: 'openai', token: 'a', base_url: 'nonsense' }, 'no web address'],
    [{ kind: 'openai', token: 'a', proxy: 'socks5://p:1' }, 'SOCKS'],
  ])('are refused as %p', (record, problem) => {
    expect(json([record])).toEqual([expect.stringContaining(problem)])
  })
})

const sign = fc.constantFrom(...'abcXYZ019._~+/-')
const token = fc
  .string({ unit: sign, minLength: 1, maxLength: 80 })
  .filter((t) => /[a-zA-Z0-9]/.test(t) && !t.includes('...'))
/** Anything that somebody may write, but for what is made plain when it is read. */
const words = (most: number, but = /^$/) =>
  fc
    .string({ unit: fc.constantFrom(...'aB7 ,;|"\'#=-é中👍\\/{[:'), minLength: 1, maxLength: most })
    .map((text) => text.replace(but, '').replace(/ +/g, ' ').trim())
    .filter((text) => text !== '' && text !== '-')
const cookies = fc
  .uniqueArray(fc.stringMatching(/^[a-z_]{2,8}=[a-zA-Z0-9.=]{0,9}$/), {
    selector: (cookie) => cookie.split('=')[0],
    maxLength: 4,
  })
  .map((all) => all.filter((cookie) => !cookie.startsWith('sso=')).join('; '))
const headers = fc.dictionary(
  fc.stringMatching(/^x-[a-z]{1,8}$/),
  fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  { maxKeys: 3, noNullPrototype: true },
)
const account: fc.Arbitrary<FileAccount> = fc.record({
  kind: fc.constant('web' as const),
  secret: token,
  name: words(60, /\//g),
  enabled: fc.boolean(),
  tier: fc.constantFrom(null, 'basic', 'super', 'heavy'),
  extras: fc
    .record({ headers, cookies })
    .map((extras) => (extras.cookies || Object.keys(extras.headers).length > 0 ? extras : null)),
  tags: fc.uniqueArray(words(12, /[,;|]/g), { maxLength: 4 }),
  note: fc.option(words(60)),
  baseUrl: fc.constantFrom(undefined, 'http://127.0.0.1:9'),
  weight: fc.integer({ min: 1, max: 9 }),
  maxInFlight: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  requestsPerMinute: fc.constant(undefined),
  models: fc.option(fc.array(words(9), { minLength: 1, maxLength: 3 }), { nil: undefined }),
  api: fc.constant(undefined),
  proxy: fc.constantFrom(undefined, 'http://me:s3cret@proxy.example:1'),
  leftOut: fc.constant([]),
})
const accounts = fc.uniqueArray(account, { selector: ({ secret }) => secret, maxLength: 8 })

const readBack = (text: string) =>
  readAccountFile(text).map((place) => ('account' in place ? place.account : place))

describe('what was written is read back', () => {
  test('from JSON, with all there is to say', () => {
    fc.assert(
      fc.property(accounts, (written) => {
        const read = readBack(writeAccountFile(written, 'json'))
        const expected = written.map(({ weight, ...rest }) => ({
          ...rest,
          weight: weight === 1 ? undefined : weight,
        }))
        expect(read).toEqual(expected)
      }),
    )
  })

  test('from CSV, with what a table has columns for, and through Windows', () => {
    fc.assert(
      fc.property(accounts, fc.boolean(), (written, windows) => {
        const text = writeAccountFile(written, 'csv')
        const read = readBack(windows ? `\ufeff${text.replaceAll('\n', '\r\n')}` : text)
        expect(read).toMatchObject(
          written.map(({ secret, tier, tags, note, name, enabled }) => ({
            ...{ secret, tier, tags: [...tags], note, name, enabled },
          })),
        )
      }),
    )
  })

  test('from text, which is the sessions alone', () => {
    fc.assert(
      fc.property(accounts, (written) => {
        const read = readBack(writeAccountFile(written, 'text'))
        expect(read).toMatchObject(written.map(({ secret }) => ({ secret, extras: null })))
      }),
    )
  })
})

test('no text whatever makes reading fail but by a SetupError', () => {
  const piece = fc.oneof(
    fc.constantFrom('"', '""', ',', ';', '\t', '\n', '\r\n', '#', '{', '[', ']', '}', ':', 'sso='),
    fc.constantFrom('token', 'tier', '"token"', 'null', '{"token":"a"}', '__proto__', 'super'),
    fc.string({ maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        for (const { where } of readAccountFile(pieces.join(''))) expect(where).not.toBe('')
      } catch (cause) {
        expect(cause).toHaveProperty('name', 'SetupError')
      }
    }),
    { numRuns: 500 },
  )
})
