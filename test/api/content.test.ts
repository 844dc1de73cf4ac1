import { describe, expect, test } from 'bun:test'
import { bytes, chunk, fakeUpstream, helloEvents, sse } from '../fakes/upstream'
import { ASK, type Gateway, gateway, openaiAt, readEvents, textOf, xaiAt } from '../support/gateway'
import { until } from '../support/programs'

const KEPT = { keep_content_days: 7 }

const contentOf = async (it: Gateway, response: Response) => {
  await it.app.flush()
  return it.stores.ledger.content(response.headers.get('x-request-id') ?? '')
}

describe('what turns say, while it is to be kept', () => {
  test('is kept whole, with the request as it came', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const body = `{ "model": "grok-4",  "messages": [{"role":"user","content":"Hé"}] }`
    const response = await it.post('/v1/chat/completions', body)
    const answer = await response.text()
    expect(await contentOf(it, response)).toMatchObject({ request: body, answer })
  })

  test('hides nothing of what an upstream was not told', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse(helloEvents(), { gapMs: 5 }),
    )
    await using it = await gateway({ env: openaiAt(upstream.url), settings: KEPT })
    const tools = [{ type: 'web_search' }]
    const body = { model: 'grok-4', input: 'Hi', stream: true, tools }
    const response = await it.post('/v1/responses', body)
    expect(response.headers.get('x-groxy-dropped')).toBe('web_search')
    await response.text()
  })

  test('is kept of streams, which pass unchanged', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse(helloEvents(), { gapMs: 5 }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const response = await it.post('/v1/chat/completions', { ...ASK, stream: true })
    const answer = await response.text()
    expect(textOf(readEvents(answer))).toBe('Hello there')
    expect((await contentOf(it, response))?.answer).toBe(answer)
    expect(await it.ledger()).toMatchObject([{ outcome: 'done' }])
  })

  test('is kept up to a size', async () => {
    const long = 'é'.repeat(300_000)
    const events = [chunk({ content: long }), chunk({}, 'stop')].map((one) => JSON.stringify(one))
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse([...events, '[DONE]']),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const ask = { ...ASK, stream: true, user: long }
    const response = await it.post('/v1/chat/completions', ask)
    expect(textOf(readEvents(await response.text()))).toBe(long)
    const content = await contentOf(it, response)
    expect(content?.request).toHaveLength(256 * 1024)
    expect(content?.answer.length).toBeGreaterThan(100 * 1024)
    expect(content?.answer.length).toBeLessThanOrEqual(256 * 1024)
  })

  test('is kept of a stream that breaks off, which still is cut', async () => {
    const start = JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse([start], { cut: true }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const response = await it.post('/v1/chat/completions', { ...ASK, stream: true })
    const decoder = new TextDecoder()
    let text = ''
    const read = async () => {
      for await (const piece of response.body ?? []) text += decoder.decode(piece)
    }
    await expect(read()).rejects.toThrow()
    expect(readEvents(text).at(-1)).toMatchObject({ error: { code: 'upstream_error' } })
    expect((await contentOf(it, response))?.answer).toBe(text)
    expect(await it.ledger()).toMatchObject([{ outcome: 'broken' }])
  })

  test('is kept when the client leaves, and the upstream is told', async () => {
    const start = JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : bytes([`data: ${start}\n\n`], { hang: true }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const client = new AbortController()
    const ask = { ...ASK, stream: true }
    const response = await it.post('/v1/chat/completions', ask, { signal: client.signal })
    await response.body?.getReader().read()
    client.abort()
    await upstream.asked()[0]?.aborted
    const kept = await until(() => contentOf(it, response))
    expect(kept.answer).toContain('Hel')
    expect(await it.ledger()).toMatchObject([{ outcome: 'gone' }])
  })

  test('is kept of a refusal, with its reason', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), settings: KEPT })
    const response = await it.post('/v1/chat/completions', { ...ASK, model: 'none' })
    expect((await contentOf(it, response))?.answer).toContain("The model 'none' does not exist")
  })
})

test('nothing is kept unless the setting says so', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const response = await it.post('/v1/chat/completions', ASK)
  await response.text()
  expect(await contentOf(it, response)).toBeUndefined()
  await it.stores.settings.set('keep_content_days', 1)
  await it.app.refresh()
  const next = await it.post('/v1/chat/completions', ASK)
  await next.text()
  expect(await contentOf(it, next)).toBeDefined()
})
