import { expect, test } from 'bun:test'
import { chunk, fakeUpstream, helloEvents, sse } from '../fakes/upstream'
import { gateway, keyed, openaiAt } from '../support/gateway'
import { expectOfficialStream } from '../support/responses-world'

const ASK = { model: 'grok-4', input: 'Hi', stream: true }
const SLOW = { gapMs: 600 }

/** A chat-only upstream whose streams take longer than a heartbeat. */
async function slow(events: readonly string[], cut: boolean) {
  const stack = new AsyncDisposableStack()
  const upstream = stack.use(
    fakeUpstream(({ path }) => (path === '/v1/models' ? undefined : sse(events, { ...SLOW, cut }))),
  )
  const settings = { heartbeat_ms: 1_000 }
  const gate = stack.use(await gateway({ env: openaiAt(upstream.url), settings }))
  const key = await keyed(gate, { rescue: 'buffer' })
  return { key, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const eventsOf = (text: string): string => text.replaceAll(': ping\n\n', '')

test('a held stream that came to nothing is one failed response, with nothing torn in it', async () => {
  const torn = ['Torn ', 'again ', 'and again'].map((content) => JSON.stringify(chunk({ content })))
  await using world = await slow(torn, true)
  const text = await (await world.key.post('/v1/responses', ASK)).text()
  expect(text).toStartWith(': ping')
  expect(text).not.toContain('Torn')
  const events = expectOfficialStream(`${eventsOf(text)}data: [DONE]\n\n`)
  expect(events.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'error',
    'response.failed',
  ])
})

test('a held stream that is whole comes as it would have come', async () => {
  await using world = await slow(helloEvents(), false)
  const text = await (await world.key.post('/v1/responses', ASK)).text()
  expect(text).toStartWith(': ping')
  expect(expectOfficialStream(eventsOf(text)).at(-1)).toMatchObject({
    type: 'response.completed',
    response: { output: [{ content: [{ text: 'Hello there' }] }] },
  })
})
