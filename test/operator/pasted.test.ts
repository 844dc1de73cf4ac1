import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SetupError } from '#src/errors'
import { PASTED_FORMS, type PastedForm, readPasted } from '#src/operator/pasted'
import type { AccountKind } from '#src/store/accounts'

const XAI = 'xai-AbCdEf0123456789'
const SK = 'sk-proj-AbCdEf0123456789'
const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.c2ln-bmF0dXJl_1'
const JWT2 = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMiJ9.c2lnbmF0dXJlMg'

type Short = Partial<Record<'kind' | 'secret' | 'baseUrl' | 'name' | 'tier' | 'note', unknown>> & {
  readonly extras?: unknown
}

/** What was found, in short: accounts, what stands twice, and what is wrong. */
function read(text: string, kind?: AccountKind) {
  const { form, places } = readPasted(text, kind)
  const shown = places.map((place) => {
    if ('problem' in place) return { problem: place.problem }
    if ('first' in place) return { first: place.first }
    return place.account
  })
  return { form, places: shown }
}

const xai = (more: Short = {}) => ({ kind: 'xai', secret: XAI, ...more })
const openai = (secret: string, baseUrl?: string) => ({ kind: 'openai', secret, baseUrl })
const web = (secret = JWT, more: Short = {}) => ({ kind: 'web', secret, ...more })

const CASES: readonly (readonly [what: string, text: string, PastedForm, readonly object[]])[] = [
  ['an xAI key', `  ${XAI}\n`, 'xai_key', [xai({ baseUrl: undefined })]],
  ['an xAI key in quotes', `"${XAI}"`, 'xai_key', [xai()]],
  ['an xAI key with a name before it', `XAI key: ${XAI}`, 'xai_key', [xai()]],
  ['a header with an xAI key', `Authorization: Bearer ${XAI}`, 'xai_key', [xai()]],
  [
    'an xAI key with another address',
    `https://proxy.example/v1 ${XAI}`,
    'xai_key',
    [xai({ baseUrl: 'https://proxy.example/v1' })],
  ],
  ['a key of OpenAI', SK, 'api_key', [openai(SK)]],
  [
    'an address and a key',
    `https://api.example/v1 ${SK}`,
    'api_key',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'a key and an address, in lines',
    `${SK}\nhttps://api.example/openai/v1/`,
    'api_key',
    [openai(SK, 'https://api.example/openai/v1')],
  ],
  [
    'an address of a call',
    `https://api.example/v1/chat/completions, ${SK}`,
    'api_key',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'an address without a path',
    `https://api.example ${SK}`,
    'api_key',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    "another provider's key with its address",
    'gsk_0123456789abcdef https://api.groq.example/openai/v1',
    'api_key',
    [openai('gsk_0123456789abcdef', 'https://api.groq.example/openai/v1')],
  ],
  [
    'any long word beside an address',
    'https://llm.example/v1 0123456789abcdef0123456789abcdef',
    'api_key',
    [openai('0123456789abcdef0123456789abcdef', 'https://llm.example/v1')],
  ],
  [
    'a signed token beside an address',
    `base: https://llm.example/v1\nkey: ${JWT}`,
    'api_key',
    [openai(JWT, 'https://llm.example/v1')],
  ],
  [
    'a line of Python',
    `from openai import OpenAI\nclient = OpenAI(api_key="${SK}", base_url="https://api.example/v1")`,
    'api_key',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'lines of an environment',
    `OPENAI_BASE_URL=https://api.example/v1\nOPENAI_API_KEY=${SK}`,
    'environment',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'lines of a shell',
    `export XAI_API_KEY='${XAI}'\nexport PATH=/usr/bin`,
    'environment',
    [xai({ baseUrl: undefined })],
  ],
  [
    'variables of several providers',
    `# both\nXAI_API_KEY=${XAI}\nDEEP_API_KEY="0123456789abcdef"\nDEEP_BASE_URL=https://deep.example`,
    'environment',
    [xai({ baseUrl: undefined }), openai('0123456789abcdef', 'https://deep.example/v1')],
  ],
  ['a variable of PowerShell', `$env:OPENAI_API_KEY = "${SK}"`, 'environment', [openai(SK)]],
  [
    'variables of a compose file',
    `    - XAI_API_KEY=${XAI}\n    - XAI_BASE_URL=https://x.example/v1`,
    'environment',
    [xai({ baseUrl: 'https://x.example/v1' })],
  ],
  [
    'a curl command',
    `curl https://api.example/v1/chat/completions \\\n  -H "Content-Type: application/json" \\\n  -H "Authorization: Bearer ${SK}" \\\n  -d '{"model":"m"}'`,
    'request',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'a curl command of a browser at grok.com',
    `curl 'https://grok.com/rest/rate-limits' \\\n  -H 'user-agent: Browser/1.0 (it'\\''s)' \\\n  -H 'sec-ch-ua: "x"' \\\n  -b 'sso=${JWT}; sso-rw=${JWT}; cf_clearance=abc' \\\n  --data-raw '{}'`,
    'request',
    [
      web(JWT, {
        extras: { headers: { 'user-agent': "Browser/1.0 (it's)" }, cookies: 'cf_clearance=abc' },
      }),
    ],
  ],
  [
    'headers of a request as a browser shows them',
    `Host: grok.com\nUser-Agent: Browser/1.0\nX-Statsig-Id: abc\nCookie: sso=${JWT}; i18nextLng=en`,
    'request',
    [
      web(JWT, {
        extras: {
          headers: { 'user-agent': 'Browser/1.0', 'x-statsig-id': 'abc' },
          cookies: 'i18nextLng=en',
        },
      }),
    ],
  ],
  [
    'headers with a bearer',
    `host: api.example\nauthorization: Bearer ${SK}\naccept: */*`,
    'request',
    [openai(SK, 'https://api.example/v1')],
  ],
  ['a bare session', JWT, 'session', [web()]],
  ['a session as a cookie', `sso=${JWT}`, 'session', [web()]],
  ['a session of a test program', 'sso=token-a', 'session', [web('token-a')]],
  ['a session and its twin', `sso=${JWT}; sso-rw=${JWT}`, 'cookie_line', [web()]],
  [
    'a line of cookies',
    `Cookie: i18nextLng=en; sso=${JWT}; cf_clearance=c`,
    'cookie_line',
    [web(JWT, { extras: { headers: {}, cookies: 'i18nextLng=en; cf_clearance=c' } })],
  ],
  [
    'cookies as an extension exports them',
    JSON.stringify([
      { domain: '.grok.com', name: 'sso', value: JWT, httpOnly: true },
      { domain: '.grok.com', name: 'cf_clearance', value: 'c' },
      { domain: '.example.com', name: 'sid', value: 'not for grok' },
    ]),
    'cookie_export',
    [web(JWT, { extras: { headers: {}, cookies: 'cf_clearance=c' } })],
  ],
  [
    'the state of a test browser',
    JSON.stringify({ cookies: [{ name: 'sso', value: JWT, domain: 'grok.com' }], origins: [] }),
    'cookie_export',
    [web()],
  ],
  [
    'a file of cookies of curl',
    `# Netscape HTTP Cookie File\n#HttpOnly_.grok.com\tTRUE\t/\tTRUE\t0\tsso\t${JWT}\n.other.example\tTRUE\t/\tTRUE\t0\tx\ty`,
    'cookie_export',
    [web()],
  ],
  [
    'pools by token',
    JSON.stringify({ sso: { [JWT]: { note: 'n' } }, ssoSuper: { [JWT2]: {} } }),
    'json',
    [web(JWT, { tier: 'basic', note: 'n' }), web(JWT2, { tier: 'super' })],
  ],
  [
    'pools as lists',
    JSON.stringify({ ssoBasic: [JWT, { token: JWT2, note: 'two' }] }),
    'json',
    [web(JWT, { tier: 'basic' }), web(JWT2, { note: 'two' })],
  ],
  [
    'what Groxy has exported',
    JSON.stringify({
      accounts: [
        { kind: 'xai', name: 'main', token: XAI, base_url: 'https://api.x.ai/v1' },
        { kind: 'web', name: 'mine', token: JWT, tier: 'heavy' },
      ],
    }),
    'json',
    [
      xai({ name: 'main', baseUrl: 'https://api.x.ai/v1' }),
      web(JWT, { name: 'mine', tier: 'heavy' }),
    ],
  ],
  [
    'a JSON value a line',
    `{"token":"${JWT}","tier":"super"}\n{"token":"${JWT2}"}`,
    'json',
    [web(JWT, { tier: 'super' }), web(JWT2)],
  ],
  [
    'the settings of another program',
    JSON.stringify({
      provider: { x: { options: { apiKey: SK, baseURL: 'https://api.example/v1' } } },
    }),
    'json',
    [openai(SK, 'https://api.example/v1')],
  ],
  [
    'an environment as JSON',
    JSON.stringify({ env: { XAI_API_KEY: XAI } }),
    'json',
    [xai({ baseUrl: undefined })],
  ],
  [
    'a list of sessions',
    `${JWT}\nsso=${JWT2}\n${JWT}`,
    'list',
    [web(), web(JWT2), { first: 'line 1' }],
  ],
  [
    'a table',
    `token,tier,note\n${JWT},super,"first, best"\n${JWT2},,`,
    'list',
    [web(JWT, { tier: 'super', note: 'first, best' }), web(JWT2, { tier: null })],
  ],
  ['a table of keys', `name,token\nmain,${XAI}`, 'list', [xai({ name: 'main' })]],
  [
    'a list of keys',
    `${XAI}\n${XAI}2\n${XAI}\n`,
    'list',
    [xai(), { ...xai(), secret: `${XAI}2` }, { first: 'line 1' }],
  ],
  [
    'keys, each with its address',
    `${SK} https://one.example/v1\n${SK}2 https://two.example/v1`,
    'list',
    [openai(SK, 'https://one.example/v1'), openai(`${SK}2`, 'https://two.example/v1')],
  ],
  [
    'an address over several keys',
    `https://one.example/v1\n${SK}\n${SK}2`,
    'list',
    [openai(SK, 'https://one.example/v1'), openai(`${SK}2`, 'https://one.example/v1')],
  ],
  ['keys and sessions together', `${XAI}\n${JWT}`, 'list', [xai(), web()]],
  [
    'a list with something wrong in it',
    `${XAI}\n${XAI}2\nwhat is this?`,
    'list',
    [xai(), { ...xai(), secret: `${XAI}2` }, { problem: expect.stringMatching(/\S/) }],
  ],
  ['text that Windows has saved', `\ufefftoken\r\n${JWT}\r\n`, 'list', [web()]],
]

describe('what is pasted', () => {
  test.each(CASES)('may be %s', (_, text, form, places) => {
    expect(read(text)).toMatchObject({ form, places: places as object[] })
    expect(read(text).places).toHaveLength(places.length)
  })

  test('every form is among these', () => {
    expect(new Set(CASES.map(([, , form]) => form))).toEqual(new Set(PASTED_FORMS))
  })

  test.each([
    [
      'a key that could be anything',
      'abc',
      'openai',
      { kind: 'openai', secret: 'abc', baseUrl: undefined },
    ],
    ['a key of another form', 'abc', 'xai', { kind: 'xai', secret: 'abc', baseUrl: undefined }],
    ['a session of another form', 'abc', 'web', { kind: 'web', secret: 'abc' }],
    ['what it is not', XAI, 'openai', { kind: 'openai', secret: XAI }],
  ] as const)('is %s where somebody says so', (_, text, kind, account) => {
    expect(read(text, kind).places).toMatchObject([account])
  })
})

describe('what cannot be read says why', () => {
  test.each([
    ['nothing', '  \n', /nothing in it/],
    ['a word', 'hello', /neither a key nor a session.*xai-…/s],
    ['a sentence', 'please add my account', /neither a key nor a session/],
    ['an address only', 'https://api.example/v1', /address only.*key/s],
    ['cookies without a session', 'a=1; b=2', /no cookie .*sso/],
    [
      'cookies of another site',
      JSON.stringify([{ name: 'a', value: '1', domain: 'b.example' }]),
      /session is empty|no cookie "sso"/,
    ],
    ['a session that was cut short', `sso=${JWT.slice(0, 30)}...`, /cut short/],
    ["another provider's key alone", 'gsk_0123456789abcdef', /several providers.*base URL/s],
    ['a key of Groxy', 'sk-groxy-0123456789abcdef', /key of Groxy itself/],
    [
      'a variable',
      'curl https://api.example/v1/models -H "Authorization: Bearer $KEY"',
      /names a variable/,
    ],
    ['a command without a key', 'curl https://api.example/v1/models', /no key in that request/],
    [
      'a request without a session',
      "curl https://grok.com/rest -b 'a=1'",
      /no cookie .*sso.* in that request/,
    ],
    ['half a JSON', '{"token":"a', /begins as JSON/],
    ['a pool that nobody knows', '{"what":{"a":{}}}', /no pool that Groxy knows/],
  ])('%s', (_, text, said) => {
    expect(saidOf(text)).toMatch(said)
  })

  test('and quotes no secret', () => {
    const secret = 'Sup3rS3cretW0rd'
    for (const text of [
      secret,
      `${secret} ${secret}`,
      `x=${secret}; y=${secret}`,
      `{"token":"${secret}`,
    ])
      expect(saidOf(text)).not.toContain(secret)
  })

  test('whatever it is, it is read or refused with a reason', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        XAI,
        SK,
        JWT,
        'https://a.example/v1',
        'sso=',
        ';',
        ',',
        '\n',
        '{',
        '"',
        'curl ',
        'KEY=',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        try {
          readPasted(pieces.join(''))
        } catch (cause) {
          if (!(cause instanceof SetupError) || cause.message === '') throw cause
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** Why a text cannot be read, wherever that is said. */
function saidOf(text: string): string {
  try {
    return JSON.stringify(read(text).places)
  } catch (cause) {
    if (cause instanceof SetupError) return `${cause.message} ${cause.remedy}`
    throw cause
  }
}
