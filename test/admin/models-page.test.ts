import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DATABASES } from '../support/each-database'
import { modelsWorld } from '../support/models-world'

const BEGIN_MS = 30_000

describe.each(DATABASES)('the pages about models over a %s', (kind) => {
  let it: Awaited<ReturnType<typeof modelsWorld>>
  beforeAll(async () => {
    it = await modelsWorld(kind)
  }, BEGIN_MS)
  afterAll(() => it[Symbol.asyncDispose]())

  const textOf = async (answer: Promise<Response>, status = 200) => {
    const found = await answer
    expect(found.status).toBe(status)
    return found.text()
  }
  const goneTo = async (answer: Promise<Response>) => {
    const { status, headers } = await answer
    return [status, headers.get('hx-redirect') ?? headers.get('location')]
  }
  const ALIASES = '/admin/models/aliases'
  const PRICES = '/admin/models/prices'

  test('models are shown with who serves them and what they cost', async () => {
    const page = await textOf(it.page('/admin/models'))
    expect(page).toContain('org/priced')
    expect(page).toContain('href="/admin/accounts?kind=openai"')
    expect(page).toContain('1 of 1 ready')
    expect(page).toContain('$1.25 in, $2.5 out')
    expect(page).toContain('xai → openai → web → demo')
    const chinese = it.page('/admin/models', { headers: { 'accept-language': 'zh' } })
    expect(await textOf(chinese)).toContain('1 / 1 可用')
  })

  test('a search finds, or says why there is no such model', async () => {
    const found = await textOf(it.page('/admin/models?search=llama'))
    expect(found).toContain('llama3')
    expect(found).not.toContain('org/priced')
    const missing = await textOf(it.page('/admin/models?search=grok-4-heavy'))
    expect(missing).toContain('there is no session of grok.com')
    expect(await textOf(it.page('/admin/models?search=nobody-has-this'))).toContain(
      'No account has it in its list',
    )
    expect(await textOf(it.page('/admin/models?page=9'))).not.toContain('llama3')
  })

  test('an alias is made, changed and removed', async () => {
    const form = {
      name: 'org/best',
      mode: 'split',
      targets: 'grok-4=9\nllama3 = 1',
      moderation: 'true',
    }
    expect(await goneTo(it.send(ALIASES, form))).toEqual([200, ALIASES])
    const list = await textOf(it.page(ALIASES))
    expect(list).toContain('× 9')
    expect(list).toContain('for its content')
    const path = `${ALIASES}/edit?name=org%2Fbest`
    const page = await textOf(it.page(path))
    expect(page).toContain('grok-4=9\nllama3=1')
    const [, revision = ''] = page.match(/name="revision" value="(\w+)"/) ?? []
    const change = { name: 'org/best', revision, mode: 'order', targets: 'llama3\nunheard-of' }
    expect(await goneTo(it.send(`${ALIASES}/edit`, change))).toEqual([200, ALIASES])
    expect(await textOf(it.page(ALIASES))).toContain('No account has unheard-of now')
    const late = await textOf(it.send(`${ALIASES}/edit`, { ...change, targets: 'grok-4' }), 409)
    expect(late).toContain('Somebody has changed this meanwhile')
    expect(late).toContain('\ngrok-4</textarea>')
    expect(await textOf(it.send(`${ALIASES}/remove`, { name: 'org/best' }))).toContain(
      'means nothing any more',
    )
    expect((await it.page(path)).status).toBe(404)
    expect((await it.send(`${ALIASES}/remove`, { name: 'org/best' })).status).toBe(404)
  })

  test.each([
    [{ name: '', targets: 'a' }, 422, 'at most 200'],
    [{ name: 'n', targets: '' }, 422, 'Name at least one model'],
    [{ name: 'n', targets: 'a\na' }, 422, 'is named twice'],
    [{ name: 'n', targets: 'n' }, 422, 'is an alias itself'],
    [{ name: 'n', targets: 'a=0', mode: 'split' }, 422, 'no model with a weight'],
    [{ name: 'n', targets: 'x\n'.repeat(21) }, 422, 'No more than 20'],
    [{ name: 'grok-4', targets: 'a' }, 422, 'is a model of the alias'],
    [{ name: 'there', targets: 'llama3' }, 409, 'There is one already'],
  ])('an alias as in %j comes back with what is wrong', async (form, status, problem) => {
    await it.stores.aliases.set('there', 'grok-4')
    const part = await textOf(it.send(ALIASES, form), status)
    expect(part).toContain(problem)
    expect(part).not.toContain('<html')
    const page = it.page(ALIASES, { method: 'POST', body: new URLSearchParams(form) })
    expect(await textOf(page, status)).toContain('<html')
  })

  test('a price is set, beginning with that of the upstream, changed and removed', async () => {
    const fresh = await textOf(it.page(`${PRICES}/new?model=org%2Fpriced`))
    expect(fresh).toContain('value="1.25"')
    const form = { model: 'org/priced', input: '3', output: '6.5', cached: '' }
    expect(await goneTo(it.send(PRICES, form))).toEqual([200, PRICES])
    expect(await textOf(it.page(PRICES))).toContain('$6.5')
    expect(await textOf(it.page('/admin/models?search=org'))).toContain('your price')
    expect(await textOf(it.send(PRICES, form), 409)).toContain('There is one already')
    const page = await textOf(it.page(`${PRICES}/edit?model=org%2Fpriced`))
    const [, revision = ''] = page.match(/name="revision" value="(\w+)"/) ?? []
    const change = { ...form, revision, long_from: '200000', long_input: '6' }
    expect(await goneTo(it.send(`${PRICES}/edit`, change))).toEqual([200, PRICES])
    expect(await textOf(it.page('/admin/models?search=org'))).toContain('from 200,000 tokens')
    expect(await textOf(it.send(`${PRICES}/edit`, change), 409)).toContain('Somebody has changed')
    expect(await textOf(it.send(`${PRICES}/remove`, { model: 'org/priced' }))).toContain(
      'is removed',
    )
    const gone = it.page(`${PRICES}/edit?model=org%2Fpriced`)
    expect((await gone).status).toBe(404)
  })

  test.each([
    [{ model: '', input: '1', output: '1' }, 'at most 200'],
    [{ model: 'm', input: '', output: '1' }, 'An amount in US dollars'],
    [{ model: 'm', input: '1', output: '1e3' }, 'An amount in US dollars'],
    [{ model: 'm', input: '1', output: '100001' }, 'An amount in US dollars'],
    [{ model: 'm', input: '1', output: '1', long_from: '1.5' }, 'A whole number of tokens'],
    [{ model: 'm', input: '1', output: '1', long_output: '2' }, 'from how many tokens'],
  ])('a price as in %j comes back with what is wrong', async (form, problem) => {
    expect(await textOf(it.send(PRICES, form), 422)).toContain(problem)
    expect((await it.stores.prices.all()).size).toBe(0)
  })

  test('without scripts what was done is seen on the list', async () => {
    const send = (path: string, body: Record<string, string>) =>
      it.page(path, { method: 'POST', body: new URLSearchParams(body) })
    expect(await goneTo(send(ALIASES, { name: 'plain', targets: 'a' }))).toEqual([303, ALIASES])
    expect(await goneTo(send(`${ALIASES}/remove`, { name: 'plain' }))).toEqual([303, ALIASES])
    const price = { model: 'plain', input: '1', output: '1' }
    expect(await goneTo(send(PRICES, price))).toEqual([303, PRICES])
    expect(await goneTo(send(`${PRICES}/remove`, price))).toEqual([303, PRICES])
  })

  test('a name is text, whatever it is', async () => {
    const name = `"><script>alert(1)</script>`
    await it.stores.aliases.set(name, `${name}x`)
    await it.stores.prices.set({
      ...{ model: name, input: 1, output: 1, cached: null },
      ...{ longFrom: null, longInput: null, longCached: null, longOutput: null },
    })
    await it.gate.app.refresh()
    const q = encodeURIComponent(name)
    for (const answer of [
      it.page('/admin/models'),
      it.page(`/admin/models?search=${q}`),
      it.page(`/admin/models?search=${q}unknown`),
      it.page(ALIASES),
      it.page(`${ALIASES}/edit?name=${q}`),
      it.page(PRICES),
      it.page(`${PRICES}/edit?model=${q}`),
      it.page(`${PRICES}/new?model=${q}`),
    ])
      expect(await textOf(answer)).not.toContain('<script>alert')
    const wrong = it.send(ALIASES, { name: `${name} `, targets: name, mode: name })
    expect(await textOf(wrong, 422)).not.toContain('<script>alert')
  })
})
