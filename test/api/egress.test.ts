import { expect, test } from 'bun:test'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createLog } from '#src/log'
import { createRoster } from '#src/pool/roster'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { fakeProxy } from '../fakes/proxy'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, xaiAt } from '../support/gateway'

const CHAT = '/v1/chat/completions'

test('chat, model lists and forwarded calls of an account go through its own proxy, else its kind’s', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/completions' ? Response.json({ data: [] }) : undefined,
  )
  await using own = await fakeProxy({ user: 'me:s3cret' })
  await using ofKind = await fakeProxy({ user: 'kind:s3cret' })
  await using it = await gateway({ settings: { proxy_xai: ofKind.url } })
  const account = await it.stores.accounts.add({
    kind: 'xai',
    name: 'a',
    baseUrl: upstream.url,
    secret: 'xai-account-secret',
    proxy: own.url,
  })
  await it.app.refresh()
  const callAll = async () => {
    expect((await it.post(CHAT, ASK)).status).toBe(200)
    expect(await (await it.post(CHAT, { ...ASK, stream: true })).text()).toContain('[DONE]')
    expect((await it.post('/v1/completions', { model: 'grok-4', input: 'x' })).status).toBe(200)
  }
  await callAll()
  const paths = ({ passed }: typeof own) => passed.map(({ target }) => new URL(target).pathname)
  expect(paths(own)).toEqual(['/v1/models', CHAT, CHAT, '/v1/completions'])
  expect(ofKind.passed).toHaveLength(0)

  await it.stores.accounts.update(account, { proxy: null })
  await it.app.refresh()
  await callAll()
  expect(own.passed).toHaveLength(4)
  expect(paths(ofKind)).toEqual([CHAT, CHAT, '/v1/completions'])

  await it.stores.settings.set('proxy_xai', 'none')
  await it.app.refresh()
  await callAll()
  expect(ofKind.passed).toHaveLength(3)
  expect(upstream.asked()).toHaveLength(9)
})

test('a proxy that fails sends nothing out unproxied, and its password is told to nobody', async () => {
  await using upstream = fakeUpstream()
  await using proxy = await fakeProxy({ user: 'me:s3cret', fail: 407 })
  await using it = await gateway({
    env: xaiAt(upstream.url),
    settings: { proxy_xai: proxy.url },
  })
  const reply = await it.post(CHAT, ASK)
  expect(reply.status).toBeGreaterThanOrEqual(500)
  expect(await reply.text()).not.toContain('s3cret')
  expect(upstream.seen).toHaveLength(0)
  expect(it.lines.join('\n')).toContain(`Your proxy ${proxy.name} answered 407`)
  const { rows } = await it.client.execute('SELECT * FROM settings')
  expect(it.lines.join('\n') + JSON.stringify(rows)).not.toContain('s3cret')
})

test('where there are no proxies, accounts that need one are left out, with one line in the log each', async () => {
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  const log = createLog({ level: 'info', write, readable: false, now: Date.now })
  const vault = createVault('a secret for tests')
  const config = readConfig({ XAI_API_KEY: 'xai-own' })
  const roster = createRoster({ config, vault, canProxy: false, log, offersOf: () => undefined })
  await using it = await gateway()
  const base = {
    kind: 'openai',
    baseUrl: 'http://upstream.example/v1',
    secret: 'sk-secret',
  } as const
  await it.stores.accounts.add({ ...base, name: 'direct' })
  const other = { ...base, secret: 'sk-other' }
  await it.stores.accounts.add({ ...other, name: 'proxied', proxy: 'proxy.example:3128' })
  const stored = await it.stores.accounts.list()
  const names = async (settings: object) => {
    const accounts = await roster(stored, { ...DEFAULT_SETTINGS, ...settings })
    return accounts.map(({ kind, name }) => `${kind}/${name}`)
  }
  expect(await names({})).toEqual(['xai/env', 'openai/direct'])
  expect(await names({})).toEqual(['xai/env', 'openai/direct'])
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'error',
    event: 'account_left_out',
    account: 'proxied',
  })
  const both = { proxy_xai: 'http://p:1', proxy_openai: 'http://p:1' }
  // The demo account stands in for nobody who is only left out.
  expect(await names(both)).toEqual([])
  expect(lines).toHaveLength(3)
})
