import { describe, expect, test } from 'bun:test'
import { draws, jpeg, searches, silent, thinks } from '../../fakes/grok-web'
import { tell, WAYS } from '../../support/web-ways'
import type { Target } from '../world'

const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`
const MODEL = 'grok-4.1'

/** A session of grok.com. */
export function webSuite(target: Target): void {
  describe.each(WAYS.map((way) => [way] as const))('by %s', (way) => {
    const ask = (wish: object) => tell(target().sdk, way, { model: MODEL, ...wish })

    test('says the words of the model, and what they took', async () => {
      const told = await ask({ text: 'Hello out there' })
      expect(told).toMatchObject({ text: 'You said: Hello out there', model: MODEL })
      expect(told.usage.input).toBeGreaterThan(0)
      expect(told.usage.output).toBeGreaterThan(0)
      expect(target().fakes.web.complaints()).toEqual([])
    })

    test('tells what it thought', async () => {
      target().fakes.web.script(thinks('A cat.', [['Looking', 'It has whiskers.']]))
      const told = await ask({ text: 'What is it?', pictures: [PICTURE] })
      expect(told.text).toBe('A cat.')
      expect(told.thoughts).toContain('It has whiskers.')
      const body = target().fakes.web.chats().at(-1)?.body
      expect(body).toMatchObject({ fileAttachments: [expect.any(String)] })
    })

    test('tells where it has found something', async () => {
      target().fakes.web.script(searches({ isCited: true }))
      const told = await ask({ text: 'What is new?' })
      expect(told.text).toContain('Bun is out.')
      expect(told.sources.map(([url]) => url)).toContain('https://example.org/a')
    })

    test('draws', async () => {
      target().fakes.web.script(draws({ count: 1 }))
      const { text, items } = await ask({ text: 'Draw a cat' })
      const address = /http\S+\/images\/[\da-f]{32}\.\w+/.exec(text)?.[0]
      if (way.includes('chat')) expect((await fetch(String(address))).status).toBe(200)
      else expect(items).toMatchObject([{ type: 'image_generation_call', status: 'completed' }])
    })
  })

  test('fetches no private address for a client', async () => {
    const { fakes, sdk } = target()
    const refused = tell(sdk, 'a chat', { model: MODEL, pictures: [`${fakes.web.url}/a.jpg`] })
    expect(await refused.catch((cause) => cause)).toMatchObject({ status: 400 })
  })

  test('is let go when the client leaves', async () => {
    const { fakes, sdk } = target()
    fakes.web.forget()
    fakes.web.script(silent())
    const leaving = new AbortController()
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const reply = sdk.chat.completions
      .create({ model: MODEL, messages, stream: true }, { signal: leaving.signal })
      .catch(() => 'left')
    await fakes.web.arrived({ endpoint: 'new' }, 1)
    leaving.abort()
    expect(await reply).toBe('left')
    expect((await fakes.web.left()).endpoint).toBe('new')
  })

  test('goes on with a conversation', async () => {
    const { responses, fakes } = target()
    const first = await responses.create({ model: MODEL, input: 'Remember the lighthouse' })
    await responses.create({ model: MODEL, input: 'And now?', previous_response_id: first.id })
    const told = JSON.stringify(fakes.web.chats().at(-1)?.body)
    for (const said of ['Remember the lighthouse', 'And now?']) expect(told).toContain(said)
  })

  test('makes videos in a chat', async () => {
    const { text } = await tell(target().sdk, 'a chat', {
      model: 'grok-imagine-1.0-video',
      text: 'Waves',
    })
    const address = /http[^\s"')]+\/videos\/[\da-f]{32}\.\w+/.exec(text)?.[0]
    const film = await fetch(String(address))
    expect([film.status, film.headers.get('content-type')]).toEqual([200, 'video/mp4'])
    await film.bytes()
  })

  test.each(['grok-4-heavy', 'grok-4-expert'])('serves %s, which is for its tier', async (id) => {
    expect((await target().get(`/v1/models/${id}`)).status).toBe(200)
  })
}
