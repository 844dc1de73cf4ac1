import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { PASSWORD } from '../support/admin'
import { type Instance, PLACES, twoInstances } from '../support/two-instances'

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9'
const session = (at: number) => `${JWT}.sig-${String(at).padStart(6, '0')}`
const many = (count: number) => Array.from({ length: count }, (_, at) => session(at))

interface Report {
  readonly added: number
  readonly ids: readonly string[]
  readonly problems: readonly { readonly line: string; readonly reason: string }[]
}

describe.each(PLACES)('files of accounts, in %s', (place) => {
  const stack = new AsyncDisposableStack()
  let one: Instance
  let two: Instance
  beforeAll(async () => {
    const world = await twoInstances(place)
    stack.use(world)
    one = world.one
    two = world.two
  }, 60_000)
  beforeEach(async () => {
    await one.stores.accounts.remove((await one.stores.accounts.list()).map(({ id }) => id))
  })
  afterAll(() => stack.disposeAsync())

  const taken = async (text: string, more: object = {}) => {
    const answer = await one.api('/accounts/import', { text, ...more })
    return { status: answer.status, ...((await answer.json()) as Report) }
  }
  const sent = (body: BodyInit, type: string, query = '') =>
    one.page(`/admin/api/accounts/import${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
  const exported = (body: object) => one.api('/accounts/export', body)

  test('are taken in, each problem with its line, and every instance knows them', async () => {
    const text = `token,tier,note\n${session(1)},super,one\nbad token,,\n${session(2)},,two\n${session(1)},,again`
    const report = await taken(text, { tags: ['imported'], note: 'all of them' })
    expect(report).toMatchObject({
      ...{ status: 200, object: 'account.import', dry_run: false },
      ...{ added: 2, known: 0, twice: 1, unusable: 1 },
      problems: [{ line: 'line 3', reason: 'There is a space in it.' }],
    })
    await two.app.refresh()
    const { data } = (await (await two.api('/accounts?tag=imported')).json()) as { data: object[] }
    expect(data).toMatchObject([{ note: 'all of them' }, { note: 'all of them' }])
    expect(await taken(text)).toMatchObject({ added: 0, known: 2, ids: [] })
    expect(
      (await one.stores.audit.list(2)).map(({ action, subject }) => [action, subject]),
    ).toEqual([
      ['account.import', '0 accounts'],
      ['account.import', '2 accounts'],
    ])
  })

  test('are only looked at where that is wanted', async () => {
    const report = await taken(many(3).join('\n'), { dry_run: true, tier: 'heavy' })
    expect(report).toMatchObject({ added: 3, dry_run: true, ids: [] })
    expect(await one.stores.accounts.list()).toEqual([])
  })

  test.each([
    ['a table', 'text/csv', `token,tier\n${session(1)},super`, { tier: 'super' }],
    [
      'JSON of other programs',
      'application/json',
      `{"ssoSuper":["${session(1)}"]}`,
      { tier: 'super' },
    ],
    ['lines', 'text/plain', `${session(1)}\n`, { tier: 'basic' }],
  ])('may be the body itself: %s', async (_, type, body, account) => {
    const answer = await sent(body, type, '?tier=basic&tags=a,b&note=n')
    expect(await answer.json()).toMatchObject({ added: 1 })
    const [stored] = await one.stores.accounts.list()
    // What is said of all counts before what each says.
    expect(stored).toMatchObject({ ...account, tier: 'basic', tags: ['a', 'b'], note: 'n' })
  })

  test('are read as Windows and Excel save them', async () => {
    const text = `token\ttier\r\n${session(1)}\tsuper\r\n`
    const utf16 = new Uint8Array([
      0xff,
      0xfe,
      ...new Uint8Array(new Uint16Array([...text].map((sign) => sign.charCodeAt(0))).buffer),
    ])
    const answer = await sent(utf16, 'application/octet-stream')
    expect(await answer.json()).toMatchObject({ added: 1, problems: [] })
  })

  test.each([
    ['nothing', '', 400],
    ['what is no account', 'hello', 400],
    ['half a JSON', '{"sso":', 400],
    ['a field that nobody knows', JSON.stringify({ text: session(1), colour: 'red' }), 400],
    ['a tier that nobody sells', JSON.stringify({ text: session(1), tier: 'gold' }), 400],
  ])('that are %s are refused', async (_, body, status) => {
    const answer = await sent(body, body.startsWith('{"text"') ? 'application/json' : 'text/plain')
    expect([answer.status, ((await answer.json()) as { error: object }).error]).toEqual([
      status,
      expect.anything(),
    ])
    expect(await one.stores.accounts.list()).toEqual([])
  })

  test('that are too large are refused', async () => {
    const answer = await sent(new Uint8Array(33 * 1024 * 1024), 'text/plain')
    expect(answer.status).toBe(413)
  })

  test('are given as a list for spreadsheets, in which nothing is calculated and nothing secret', async () => {
    await one.api('/accounts', {
      ...{
        kind: 'xai',
        secret: 'xai-Planted-Secret-0001',
        name: '=1+1',
        base_url: 'http://127.0.0.1:1/v1',
      },
      ...{
        note: '@SUM(A1), "quoted"',
        tags: ['+a', 'b'],
        proxy: 'http://me:Proxy-Secret@127.0.0.1:1',
      },
    })
    const answer = await exported({ format: 'csv' })
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="groxy-accounts.csv"',
    )
    const text = await answer.text()
    const [head, row] = text.split('\r\n')
    expect(head).toStartWith('id,kind,name,base_url,secret,enabled')
    expect(row).toContain(`,xai,'=1+1,http://127.0.0.1:1/v1,…0001,true,`)
    expect(row).toContain(`,"'+a, b","'@SUM(A1), ""quoted""",1,`)
    expect(text).not.toMatch(/Planted|Proxy-Secret/)
    const json = (await (await exported({})).json()) as { accounts: object[] }
    expect(json.accounts).toMatchObject([{ name: '=1+1', secret: '…0001', proxy: '127.0.0.1:1' }])
    expect(await (await exported({ format: 'text' })).text()).toBe('xai/=1+1\n')
    expect(JSON.stringify(json)).not.toMatch(/Planted|Proxy-Secret/)
  })

  test('hold secrets only for who types the password again, and the audit log tells of it', async () => {
    await taken(
      JSON.stringify({
        accounts: [
          {
            kind: 'xai',
            name: 'key',
            token: 'xai-Planted-Secret-0002',
            base_url: 'http://127.0.0.1:1/v1',
          },
          { token: session(1), note: '=HYPERLINK("x")', cookies: 'cf_clearance=c' },
        ],
      }),
    )
    const before = (await one.stores.audit.list(200)).length
    for (const password of [undefined, '', 'wrong']) {
      const answer = await exported({
        with_secrets: true,
        ...(password !== undefined && { password }),
      })
      expect([answer.status, await answer.text()]).toEqual([
        401,
        expect.stringContaining('wrong_password'),
      ])
    }
    const answer = await exported({ with_secrets: true, password: PASSWORD })
    expect(answer.headers.get('content-disposition')).toContain('groxy-accounts-with-secrets.json')
    const text = await answer.text()
    expect(text).toContain('xai-Planted-Secret-0002')
    const log = await one.stores.audit.list(200)
    expect(log.length).toBe(before + 4)
    expect(log[0]).toMatchObject({
      ...{ action: 'account.export', subject: '2 accounts' },
      after: { format: 'json', with_secrets: true },
    })
    expect(JSON.stringify(log)).not.toContain('Planted')

    const csv = await (
      await exported({
        with_secrets: true,
        password: PASSWORD,
        format: 'csv',
        filter: { kind: 'web' },
      })
    ).text()
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`)
    for (const file of [text, csv]) {
      await one.stores.accounts.remove((await one.stores.accounts.list()).map(({ id }) => id))
      expect(await taken(file)).toMatchObject({ problems: [], unusable: 0 })
      const web = (await one.stores.accounts.list()).find(({ kind }) => kind === 'web')
      expect(web).toMatchObject({ note: '=HYPERLINK("x")' })
    }
  })

  test('hold no secrets for a program', async () => {
    await taken(session(1))
    const { secret } = await one.stores.adminTokens.create('program', null)
    const answer = await fetch(`${one.url}/admin/api/accounts/export`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ with_secrets: true, password: PASSWORD }),
    })
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringContaining('access_denied'),
    ])
  })

  test('of nothing are empty, and can be read', async () => {
    expect(await (await exported({})).json()).toEqual({ accounts: [] })
    const answer = await exported({ with_secrets: true, password: PASSWORD })
    expect(await answer.json()).toEqual({ accounts: [] })
  })

  test('of twenty thousand are taken in and given, while others are served', async () => {
    const text = many(20_000).join('\n')
    let served = 0
    let isOver = false
    const others = (async () => {
      while (!isOver) {
        await (await fetch(`${one.url}/health`)).text()
        if (!isOver) served++
        await Bun.sleep(20)
      }
    })()
    const report = await taken(text)
    isOver = true
    await others
    expect(report).toMatchObject({ added: 20_000, unusable: 0 })
    expect(report.ids).toHaveLength(20_000)
    // Forty batches of rows are written: behind most of them others have their turn.
    expect(served).toBeGreaterThan(10)
    const counted = await one.api('/accounts/disable', { filter: {}, dry_run: true })
    expect(await counted.json()).toMatchObject({ accounts: 20_000 })
    const switched = await one.api('/accounts/disable', { ids: report.ids })
    expect(await switched.json()).toMatchObject({ accounts: 20_000 })
    const answer = await exported({ with_secrets: true, password: PASSWORD, format: 'text' })
    const lines = (await answer.text()).trimEnd().split('\n')
    expect(lines.toSorted()).toEqual(many(20_000).toSorted())
  }, 120_000)
})
