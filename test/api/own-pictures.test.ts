import { describe, expect, test } from 'bun:test'
import { faults, jpeg } from '../fakes/xai-media'
import { KEY } from '../support/gateway'
import { mediaPool } from '../support/media-pool'

type Pool = Awaited<ReturnType<typeof mediaPool>>

const picture = jpeg('a cat')
const DATA = `data:image/jpeg;base64,${picture.toBase64()}`
/** Nobody can fetch anything from there. */
const settings = { base_url: 'http://groxy.invalid' }
const TOLD = 'What is at http://groxy.invalid/images/a.jpg?'

async function uploaded(it: Pool, bytes = picture): Promise<string> {
  const body = new FormData()
  body.set('file', new File([bytes], 'cat.jpg'))
  const headers = { authorization: `Bearer ${KEY}` }
  const reply = await fetch(`${it.url}/v1/uploads/image`, { method: 'POST', headers, body })
  const { url } = (await reply.json()) as { url: string }
  expect(url).toStartWith('http://groxy.invalid/images/')
  return url
}

const chat = (...urls: readonly string[]) => {
  const shown = urls.map((url) => ({ type: 'image_url', image_url: { url, detail: 'low' } }))
  return { messages: [{ role: 'user', content: [{ type: 'text', text: TOLD }, ...shown] }] }
}

const responses = (...urls: readonly string[]) => {
  const shown = urls.map((image_url) => ({ type: 'input_image', image_url, detail: 'low' }))
  const asked = { role: 'user', content: [{ type: 'input_text', text: TOLD }, ...shown] }
  const called = { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' }
  const given = { type: 'function_call_output', call_id: 'c', output: shown }
  return { input: [asked, called, given] }
}

const DIALECTS = {
  chat: { path: '/v1/chat/completions', say: chat, param: 'messages.0.content.1.image_url.url' },
  responses: { path: '/v1/responses', say: responses, param: 'input[0].content[1].image_url' },
} as const

const MODELS = { xai: 'grok-4.7', openai: 'gpt-5' } as const

const CASES = (['xai', 'openai'] as const).flatMap((kind) =>
  (['chat', 'responses'] as const).map((dialect) => [dialect, kind] as const),
)

describe.each(CASES)('a picture of ours that a request of %s shows to %s', (dialect, kind) => {
  const { path, say, param } = DIALECTS[dialect]
  const pool = (more: Record<string, unknown> = {}, names = ['one'], now = Date.now) =>
    mediaPool({ [kind]: names, api: 'both', settings: { ...settings, ...more }, now })
  const ask = (it: Pool, urls: readonly string[], stream = false) =>
    it.post(path, { model: MODELS[kind], stream, ...say(...urls) })
  const calls = (it: Pool) => (kind === 'xai' ? it.grok : it.open).callsOf(dialect)
  const told = (it: Pool) => {
    const { messages, input } = calls(it).at(-1)?.body ?? {}
    return dialect === 'chat' ? { messages } : { input }
  }
  const refusal = async (it: Pool, ...urls: readonly string[]) => {
    const reply = await ask(it, urls)
    const { error } = await reply.json()
    return { status: reply.status, code: error.code, param: error.param }
  }

  test('goes along, and nothing else is touched', async () => {
    for (const media_link_hours of [0, 1]) {
      await using it = await pool({ media_link_hours })
      const url = await uploaded(it)
      for (const stream of [false, true]) {
        const reply = await ask(it, [url, 'https://a.example/images/b.png', url], stream)
        expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('there')])
        expect(told(it)).toMatchObject(say(DATA, 'https://a.example/images/b.png', DATA))
      }
    }
  })

  test('goes along to the next account, too', async () => {
    await using it = await pool({}, ['one', 'two'])
    const fake = kind === 'xai' ? it.grok : it.open
    fake.script(dialect, faults.refused(503))
    expect((await ask(it, [await uploaded(it)])).status).toBe(200)
    expect(calls(it)).toHaveLength(2)
    expect(told(it)).toMatchObject(say(DATA))
  })

  test('is refused by the field that names it where it is not to be had', async () => {
    const notThere = { status: 400, code: 'url_not_reachable', param }
    let late = 0
    await using it = await pool({ media_link_hours: 1 }, ['one'], () => Date.now() + late)
    const url = await uploaded(it)
    const last = url.at(-1) === '0' ? '1' : '0'
    for (const wrong of [url.slice(0, url.indexOf('?')), url.slice(0, -1) + last])
      expect(await refusal(it, wrong)).toEqual(notThere)
    late = 3_601_000
    expect(await refusal(it, url)).toEqual(notThere)
    await using plain = await pool()
    expect(await refusal(plain, 'http://groxy.invalid/images/nothing.jpg')).toEqual(notThere)
    expect([...calls(it), ...calls(plain)]).toEqual([])
    expect([...(await it.held()), ...(await plain.held())]).toEqual([])
  })

  test('is refused where it is larger than what goes along, alone or with others', async () => {
    const large = jpeg('a large cat', 20_000)
    await using small = await pool({ fetch_max_bytes: 10_000 })
    expect(await refusal(small, await uploaded(small, large))).toMatchObject({ status: 400, param })
    await using full = await pool({ max_body_bytes: 100_000 })
    const url = await uploaded(full, large)
    const tooMuch = { status: 400, code: 'file_too_large', param }
    expect(await refusal(full, url, url, url, url, url)).toEqual(tooMuch)
    expect((await ask(full, [url])).status).toBe(200)
    expect(calls(small)).toEqual([])
  })
})
