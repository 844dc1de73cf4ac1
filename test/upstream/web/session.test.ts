import { describe, expect, test } from 'bun:test'
import { SetupError } from '#src/errors'
import { readHeaders } from '#src/extras'
import { fakeGrokWeb } from '../../fakes/grok-web'
import { chatAsk, webSession } from '../../support/web-session'

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

test('a call says who asks, and where from', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  await web.tell(chatAsk({}))
  const [call] = grok.chats()
  const { sso } = grok.account('one')
  expect(call?.headers.get('cookie')).toBe(`sso=${sso}; sso-rw=${sso}`)
  expect(call?.headers.get('origin')).toBe(grok.url)
  expect(call?.headers.get('referer')).toBe(`${grok.url}/`)
  expect(call?.headers.get('x-xai-request-id')).toMatch(UUID)
  expect(call?.headers.get('content-type')).toBe('application/json')
})

test('nothing is made up that would tell a browser from a program', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  await web.tell(chatAsk({}))
  const names = [...(web.called[0]?.headers.keys() ?? [])]
  for (const name of ['x-statsig-id', 'user-agent', 'sec-ch-ua', 'sec-fetch-mode', 'baggage'])
    expect(names).not.toContain(name)
})

describe('what the operator supplies', () => {
  test('is sent with every call, and what grok.com wants to see is enough', async () => {
    await using grok = fakeGrokWeb({
      requires: {
        headers: { 'x-statsig-id': 'own', 'user-agent': 'Own/1', 'sec-ch-ua': '"Own"' },
        cookies: { cf_clearance: 'cleared', __cf_bm: 'bm' },
      },
    })
    const web = webSession(grok, {
      web_x_statsig_id: 'own',
      web_user_agent: 'Own/1',
      web_cf_clearance: 'cleared',
      web_cookies: '__cf_bm=bm',
      web_headers: 'sec-ch-ua: "Own"',
    })
    expect((await web.tell(chatAsk({}))).text).toContain('Hello')
  })

  test('follows a change of settings at once', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_user_agent: 'Own/1' })
    await web.tell(chatAsk({}))
    web.set({ web_user_agent: 'Own/2', web_cf_clearance: 'new' })
    await web.tell(chatAsk({}))
    const [one, two] = grok.chats()
    expect(one?.headers.get('user-agent')).toBe('Own/1')
    expect(two?.headers.get('user-agent')).toBe('Own/2')
    expect(two?.cookies.cf_clearance).toBe('new')
  })

  test('goes behind what is the own of an account, but for its session', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, {
      web_user_agent: 'Shared/1',
      web_x_statsig_id: 'shared',
      web_cf_clearance: 'shared',
      web_cookies: 'theme=dark; sso=other',
    })
    const extras = {
      headers: readHeaders('User-Agent: Own/1'),
      cookies: 'cf_clearance=own; sso-rw=x',
    }
    await web.tell(chatAsk({}), { account: web.sessionOf('one', { extras: () => extras }) })
    const [call] = grok.chats()
    expect(call?.headers.get('user-agent')).toBe('Own/1')
    expect(call?.headers.get('x-statsig-id')).toBe('shared')
    const { sso } = grok.account('one')
    expect(call?.headers.get('cookie')).toBe(
      `sso=${sso}; sso-rw=${sso}; theme=dark; cf_clearance=own`,
    )
  })

  test('is refused where it makes no header', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_user_agent: 'Söme' })
    const problem: unknown = await web.refusal(chatAsk({}))
    expect(problem).toBeInstanceOf(SetupError)
    expect(problem).toMatchObject({ message: expect.stringContaining('web_user_agent') })
    expect(grok.calls).toEqual([])
  })
})

describe('what costs no turn', () => {
  test('the models are those of the tier, and nobody is asked', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const idsOf = async (tier: 'basic' | 'super' | undefined) =>
      (await web.web.models(web.sessionOf('one', { tier }), new AbortController())).map(
        ({ id }) => id,
      )
    expect(await idsOf(undefined)).not.toContain('grok-4-heavy')
    expect(await idsOf('super')).toContain('grok-4-heavy')
    expect(grok.calls).toEqual([])
  })

  test('a session is checked by asking for a quota', async () => {
    await using grok = fakeGrokWeb({
      accounts: [{ name: 'one' }, { name: 'gone', state: 'expired' }],
    })
    const web = webSession(grok)
    await web.web.check(web.sessionOf(), new AbortController())
    const refusal: unknown = await web.web
      .check(web.sessionOf('gone'), new AbortController())
      .catch((cause) => cause)
    expect(refusal).toMatchObject({ details: { status: 401, code: 'bad_session' } })
    expect(grok.calls.map(({ endpoint }) => endpoint)).toEqual(['rate-limits', 'rate-limits'])
    expect(grok.complaints()).toEqual([])
  })

  test('quotas are asked for by their buckets, and tell the tier', async () => {
    await using grok = fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] })
    const web = webSession(grok)
    grok.setQuota('one', 'fast', 30)
    const found = await web.web.quotas?.(
      web.sessionOf(),
      ['units grok-4', 'turns fast'],
      new AbortController(),
    )
    expect(found?.tier).toBe('super')
    expect(found?.reports).toMatchObject([
      { bucket: 'units grok-4', limit: 140, remaining: 140 },
      { bucket: 'turns fast', limit: 140, remaining: 30 },
    ])
    expect(grok.calls.map(({ body }) => body)).toEqual([
      { requestKind: 'DEFAULT', modelName: 'grok-4' },
      { modelName: 'fast' },
    ])
    expect(grok.complaints()).toEqual([])
  })
})
