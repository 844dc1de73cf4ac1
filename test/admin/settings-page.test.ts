import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { adminWorld } from '../support/admin'

let it: Awaited<ReturnType<typeof adminWorld>>
beforeAll(async () => {
  it = await adminWorld()
})
afterAll(() => it[Symbol.asyncDispose]())

const PATH = '/admin/settings'

/** The fields of a form as a browser would send them. */
async function fieldsOf(markup: string): Promise<Record<string, string>> {
  const fields: Record<string, string> = {}
  let choice = ''
  await new HTMLRewriter()
    .on('#settings input', {
      element(input) {
        const [name, type] = [input.getAttribute('name'), input.getAttribute('type')]
        if (!name || (type === 'checkbox' && !input.hasAttribute('checked'))) return
        fields[name] = decoded(input.getAttribute('value') ?? '')
      },
    })
    .on('#settings textarea', {
      element(area) {
        fields[area.getAttribute('name') ?? ''] = ''
      },
    })
    .on('#settings select', {
      element(select) {
        choice = select.getAttribute('name') ?? ''
      },
    })
    .on('#settings option[selected]', {
      element(option) {
        fields[choice] = option.getAttribute('value') ?? ''
      },
    })
    .transform(new Response(markup))
    .text()
  return fields
}

const decoded = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')

const form = async () => fieldsOf(await (await it.page(PATH)).text())

test('every setting stands there with its default and what it means', async () => {
  const page = await (await it.page(PATH)).text()
  for (const name of Object.keys(DEFAULT_SETTINGS)) expect(page).toContain(`id="setting-${name}"`)
  expect(page).toContain('How long one answer may take altogether.')
  expect(page).toContain('Default: 600000 (10 min).')
  const chinese = await it.page(PATH, { headers: { 'accept-language': 'zh-CN' } })
  expect(await chinese.text()).toContain('默认：600000 (10分钟)')
})

test('is found by its name and by what it says, without a script', async () => {
  const hidden = async (words: string) => {
    const page = await (await it.page(`${PATH}?q=${encodeURIComponent(words)}`)).text()
    return (name: string) => new RegExp(`id="setting-${name}"[^>]* hidden`).test(page)
  }
  const isHidden = await hidden('model LISTS')
  expect([isHidden('model_refresh'), isHidden('heartbeat_ms')]).toEqual([false, true])
  expect((await hidden('心跳'))('heartbeat_ms')).toBe(false)
  const none = await (await it.page(`${PATH}?q=zzz`)).text()
  expect(none).toContain('No setting says that.')
})

test('what is sent is saved: of all fields those that were changed', async () => {
  const answer = await it.send(PATH, { ...(await form()), idle_timeout_ms: '5000', base_url: ' ' })
  const part = await answer.text()
  expect(answer.status).toBe(200)
  expect(part).toContain('Saved: Silence within an answer.')
  expect(await it.stores.settings.all()).toEqual({ ...DEFAULT_SETTINGS, idle_timeout_ms: 5000 })
  expect(part).toMatch(/id="setting-idle_timeout_ms"[\s\S]{0,1500}Changed/)
  const again = await it.send(PATH, await fieldsOf(part))
  expect(await again.text()).toContain('Nothing was changed.')
})

test('a switch that is off is off', async () => {
  const { think_tags: _, show_thinking: __, ...fields } = await form()
  await it.send(PATH, fields)
  expect(await it.stores.settings.all()).toMatchObject({ show_thinking: false, think_tags: false })
  await it.send(PATH, { ...(await form()), show_thinking: 'true' })
  expect(await it.stores.settings.all()).toMatchObject({ show_thinking: true })
})

describe('a form that cannot be taken', () => {
  test.each([
    ['max_attempts', '0', 'This takes 1 or more.'],
    ['max_attempts', '101', 'This takes 100 or less.'],
    ['max_attempts', 'many', 'This takes a whole number.'],
    ['max_attempts', '', 'This takes a whole number.'],
    ['image_method', 'paint', 'This does not take that value.'],
    ['base_url', 'groxy.example', 'This takes an address'],
    ['proxy_xai', 'socks5://10.0.0.1', 'SOCKS proxies are not supported.'],
  ])('says at %s what is wrong with "%s", and keeps what was typed', async (name, value, says) => {
    const before = await it.stores.settings.current()
    const answer = await it.send(PATH, { ...(await form()), queue_length: '77', [name]: value })
    const part = await answer.text()
    expect(answer.status).toBe(422)
    expect(part).toMatch(new RegExp(`id="field-${name}"[^>]*aria-invalid="true"`))
    expect(part).toContain(says)
    expect((await fieldsOf(part)).queue_length).toBe('77')
    expect(await it.stores.settings.current()).toEqual(before)
  })

  test('says the same in Chinese', async () => {
    const answer = await it.page(PATH, {
      method: 'POST',
      headers: { 'accept-language': 'zh', 'hx-request': 'true' },
      body: new URLSearchParams({ ...(await form()), max_attempts: '0' }),
    })
    expect(await answer.text()).toContain('不能小于 1。')
  })
})

test('the second of two operators sees what the first one did, and loses nothing', async () => {
  const mine = await form()
  await it.send(PATH, { ...mine, ledger_days: '12', queue_length: '500' })
  const late = await it.send(PATH, { ...mine, ledger_days: '20', audit_days: '90' })
  const part = await late.text()
  expect(late.status).toBe(409)
  expect(part).toContain('Changed meanwhile: Turns that may wait, Days of requests.')
  expect(part).toContain('Meanwhile changed by somebody else to 12.')
  expect(await it.stores.settings.all()).toMatchObject({ ledger_days: 12, audit_days: 365 })
  const kept = await fieldsOf(part)
  expect(kept).toMatchObject({ ledger_days: '20', audit_days: '90', queue_length: '500' })
  expect((await it.send(PATH, kept)).status).toBe(200)
  expect(await it.stores.settings.all()).toMatchObject({
    ledger_days: 20,
    audit_days: 90,
    queue_length: 500,
  })
})

test('a default comes back alone, and the form around it stays good', async () => {
  await it.send(PATH, { ...(await form()), heartbeat_ms: '7000' })
  const fields = await form()
  const answer = await it.send(`${PATH}/heartbeat_ms/reset`, fields)
  const part = await answer.text()
  expect(part).toContain('has its default again')
  expect(part).not.toContain('id="setting-ledger_days"')
  const [, revision = ''] = part.match(/name="revision" value="(\d+)"/) ?? []
  const [, seen = ''] = part.match(/name="seen" value="([^"]+)"/) ?? []
  const saved = await it.send(PATH, {
    ...fields,
    ...{ revision, seen: decoded(seen), heartbeat_ms: '15000', stored_days: '8' },
  })
  expect(saved.status).toBe(200)
  expect(await it.stores.settings.all()).toMatchObject({ heartbeat_ms: 15_000, stored_days: 8 })
  expect((await it.send(`${PATH}/heartbeat_ms/reset`, fields)).status).toBe(409)
  expect((await it.send(`${PATH}/no_such/reset`, fields)).status).toBe(404)
})

test('a secret is replaced and taken away, and never shown', async () => {
  const set = await it.send(PATH, { ...(await form()), web_user_agent: 'pl4nted-agent/1.0 (abcd)' })
  const part = await set.text()
  expect(part).toContain('Set: …bcd).')
  expect(part).not.toContain('pl4nted')
  expect((await it.send(PATH, await fieldsOf(part))).status).toBe(200)
  expect((await it.stores.settings.all()).web_user_agent).toBe('pl4nted-agent/1.0 (abcd)')
  const wrong = await it.send(PATH, {
    ...(await form()),
    ...{ web_cookies: 'a=pl4nted', max_attempts: '0' },
  })
  const refused = await wrong.text()
  expect(refused).toContain('Type it again')
  expect(refused).not.toContain('pl4nted')
  const gone = await it.send(`${PATH}/web_user_agent/reset`, await form())
  expect(await gone.text()).toContain('User-Agent is taken away.')
  expect((await it.stores.settings.all()).web_user_agent).toBe('')
})

test('all of it is said in Chinese, too', async () => {
  const chinese = (path: string, fields: Record<string, string>) =>
    it.page(path, {
      method: 'POST',
      headers: { 'accept-language': 'zh', 'hx-request': 'true' },
      body: new URLSearchParams(fields),
    })
  const mine = await form()
  const saved = await chinese(PATH, { ...mine, max_attempts: '4', web_cookies: 'one=two' })
  expect(await saved.text()).toContain('已保存：尝试次数、更多 Cookie。')
  const late = await (await chinese(PATH, { ...mine, max_attempts: '5' })).text()
  expect(late).toContain('期间被修改：尝试次数。')
  expect(late).toContain('期间已被他人改为 4。')
  const wrong = { ...(await form()), max_attempts: '101' }
  expect(await (await chinese(PATH, wrong)).text()).toContain('不能大于 100。')
  const back = await (await chinese(`${PATH}/max_attempts/reset`, await form())).text()
  expect(back).toContain('“尝试次数”已恢复默认值。')
  const gone = await (await chinese(`${PATH}/web_cookies/reset`, await form())).text()
  expect(gone).toContain('“更多 Cookie”已移除。')
})

test('a form that was tampered with changes nothing', async () => {
  const before = await it.stores.settings.current()
  for (const seen of ['{', '7', 'null', '[]']) {
    const answer = await it.send(PATH, { ...(await form()), seen, max_attempts: '9' })
    expect(await answer.text()).toContain('Nothing was changed.')
  }
  expect(await it.stores.settings.current()).toEqual(before)
})

test('without a script the answer is the page', async () => {
  const answer = await it.page(PATH, {
    method: 'POST',
    body: new URLSearchParams({ ...(await form()), video_days: '3' }),
  })
  expect(await answer.text()).toContain('<!doctype html>')
  expect((await it.stores.settings.all()).video_days).toBe(3)
})
