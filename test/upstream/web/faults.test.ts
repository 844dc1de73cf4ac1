import { describe, expect, test } from 'bun:test'
import { CHALLENGE } from '#src/upstream/fault'
import { inBandFault, readWebFault } from '#src/upstream/web/faults'
import { failsMidway, fakeGrokWeb, refusals, type State } from '../../fakes/grok-web'
import { chatAsk, webSession } from '../../support/web-session'

describe('each state of a session is told apart, before anything was said', () => {
  const cases: readonly [State, number, string, RegExp][] = [
    ['expired', 401, 'bad_session', /cookie sso/],
    ['blocked', 403, 'blocked', /blocked this account/],
    ['email_rejected', 403, 'blocked', /blocked this account/],
    ['challenged', 403, CHALLENGE, /web_cf_clearance and web_user_agent.*proxy_web/],
    ['challenged_empty', 403, CHALLENGE, /web_cf_clearance/],
    ['anti_bot', 403, 'anti_bot', /web_x_statsig_id/],
    ['anti_bot_in_band', 403, 'anti_bot', /web_x_statsig_id/],
    ['limited', 429, 'usage_limit', /Too many requests/],
    ['limited_in_band', 429, 'usage_limit', /Too many requests/],
    ['heavy_usage_in_band', 429, 'usage_limit', /heavy usage/],
    ['usage_limit_in_band', 429, 'usage_limit', /usage limit/],
    ['moderated', 400, 'content_moderated', /moderation/],
  ]
  for (const [state, status, code, says] of cases)
    test(state, async () => {
      await using grok = fakeGrokWeb({ accounts: [{ name: 'one', state }] })
      const fault = await webSession(grok).refusal(chatAsk({}))
      expect(fault.kind).toBe('refused')
      expect(fault.details).toMatchObject({ status, code })
      expect(fault.message).toMatch(says)
    })
})

const NOW = 1_000_000
const read = (response: Response, secret = 'the-secret-token') =>
  readWebFault(response, (text) => text.replaceAll(secret, '…'), NOW)

describe('every marker of a session that is over', () => {
  for (const marker of [
    'bad-credentials',
    'invalid-credentials',
    'failed to look up session id',
    'session not found',
    'token revoked',
    'token expired',
  ] as const)
    test(marker, async () => {
      expect((await read(refusals.expired(marker))).details).toMatchObject({
        status: 401,
        code: 'bad_session',
      })
    })
})

describe('other refusals', () => {
  const html = { 'content-type': 'text/html' }
  const cases: readonly [string, Response, object][] = [
    [
      'a page of the edge without its mark',
      new Response('<html>Attention Required! | Cloudflare</html>', { status: 403, headers: html }),
      { status: 403, code: CHALLENGE },
    ],
    [
      'a page in the place of an answer',
      new Response('<html>Just a moment...</html>', { status: 200, headers: html }),
      { status: 403, code: CHALLENGE },
    ],
    [
      'a limit of the edge, which is of our address',
      new Response('error code: 1015', { status: 429 }),
      { status: 429, code: CHALLENGE },
    ],
    [
      'a body that is too large',
      refusals.tooLarge(),
      { status: 413, code: 'context_length_exceeded' },
    ],
    [
      'a prompt that is too long',
      refusals.invalid('The message is too long.'),
      { status: 400, code: 'context_length_exceeded' },
    ],
    ['a refusal of another kind', refusals.invalid('Bad field'), { status: 400, code: undefined }],
    [
      "grok.com's own word",
      refusals.invalid('No. [WKE=model:unknown]'),
      { status: 400, code: 'model:unknown' },
    ],
    ['what is not there', refusals.missing('gone'), { status: 404, code: undefined }],
    ['a fault of its own', refusals.broken(502), { status: 502, code: undefined }],
  ]
  for (const [name, response, details] of cases)
    test(name, async () => {
      const fault = await read(response)
      expect(fault.kind).toBe('refused')
      expect(fault.details).toMatchObject(details)
    })

  test('a page for people is no answer', async () => {
    const page = new Response('<html>Welcome</html>', { headers: html })
    expect((await read(page)).kind).toBe('malformed')
  })

  test('a page that refuses what the client cannot know of is no word on its prompt', async () => {
    const text =
      '<html><head><title>400 Request Header Or Cookie Too Large</title></head><body>…</body></html>'
    const { kind, message } = await read(new Response(text, { status: 400, headers: html }))
    expect(kind).toBe('malformed')
    expect(message).toEndWith('It says: 400 Request Header Or Cookie Too Large')
  })

  test('of a page nothing is told but its title', async () => {
    const pages = ['<html><title>502 Bad\ngateway</title><b>x', '<html><b>x</b></html>']
    const says = async (text: string) =>
      (await read(new Response(text, { status: 502, headers: html }))).message
    expect(await Promise.all(pages.map(says))).toEqual([
      'grok.com failed. It says: 502 Bad gateway',
      'grok.com failed.',
    ])
  })
})

describe('how long to wait', () => {
  test('is taken from the header', async () => {
    expect((await read(refusals.limited(120))).details.retryAfterMs).toBe(120_000)
  })

  test('is found in the body, wherever it stands', async () => {
    const body = {
      error: { code: 8, message: 'Too many requests', limit: { waitTimeSeconds: 90 } },
    }
    const fault = await read(Response.json(body, { status: 429 }))
    expect(fault.details.retryAfterMs).toBe(90_000)
    expect(inBandFault(body).details.retryAfterMs).toBe(90_000)
  })

  test('is unknown where nobody says so', async () => {
    expect((await read(refusals.limited())).details.retryAfterMs).toBeUndefined()
  })
})

describe('an error within an answer', () => {
  const cases: readonly [unknown, object][] = [
    [
      { code: 8, message: 'Too many requests' },
      { status: 429, code: 'usage_limit' },
    ],
    [
      { code: 7, message: 'Request rejected by anti-bot rules.' },
      { status: 403, code: 'anti_bot' },
    ],
    [{ code: 7, message: 'No' }, { status: 403 }],
    [
      { code: 16, message: 'No' },
      { status: 401, code: 'bad_session' },
    ],
    [{ code: 3, message: 'No' }, { status: 400 }],
    [{ code: 13, message: 'No' }, { status: 500 }],
    [{ code: 14, message: 'No' }, { status: 503 }],
    [{ message: '[WKE=grok:content-moderated]' }, { status: 400, code: 'content_moderated' }],
    [{ error: { code: 8, message: 'No' } }, { status: 429, code: 'usage_limit' }],
    ['Something went wrong', { status: 500 }],
    [undefined, { status: 500 }],
    [{ code: { toString: 1 }, message: 'Odd' }, { status: 500 }],
    [[[{ toString: 1 }]], { status: 500 }],
  ]
  for (const [error, details] of cases)
    test(JSON.stringify(error) ?? 'nothing', () => {
      expect(inBandFault(error).details).toMatchObject(details)
    })
})

test('no session gets out, whoever quotes it', async () => {
  const secret = 'abcdefgh-the-secret'
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uIjoiMSJ9.c2lnbmVk'
  const message = `Bad ${secret} and ${jwt} in sso=xyz123; sso-rw=xyz123`
  const fault = await read(Response.json({ code: 3, message }, { status: 400 }), secret)
  const inBand = inBandFault({ code: 3, message: `Bad ${jwt} in sso=xyz123` })
  for (const { message: said } of [fault, inBand])
    for (const part of [secret, 'eyJ', 'xyz123']) expect(said).not.toContain(part)
})

describe('what an owner supplied does not get out either, when the site quotes it', () => {
  const said = 'I see clearance-of-mine, statsig-of-mine and cookie-of-mine; lang is en'
  const scripts = {
    'in place of the answer': () => Response.json({ code: 3, message: said }, { status: 400 }),
    'within the answer': failsMidway(3, said),
  }
  for (const [where, script] of Object.entries(scripts))
    test(where, async () => {
      await using grok = fakeGrokWeb()
      grok.script(script)
      const web = webSession(grok, { web_cf_clearance: 'clearance-of-mine' })
      const extras = {
        headers: { 'x-statsig-id': 'statsig-of-mine' },
        cookies: 'a=cookie-of-mine; lang=en',
      }
      const account = web.sessionOf('one', { extras: () => extras })
      const { message } = await web.refusal(chatAsk({}), { account })
      expect(message).toEndWith('I see [redacted], [redacted] and [redacted]; lang is en')
    })
})

test('a long refusal is cut', async () => {
  const message = 'no '.repeat(10_000)
  const fault = await read(Response.json({ code: 3, message }, { status: 400 }))
  expect(fault.message.length).toBeLessThan(500)
})
