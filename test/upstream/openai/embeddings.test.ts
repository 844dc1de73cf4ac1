import { expect, test } from 'bun:test'
import type { Embeddings } from '#src/turn/embedding'
import { fakeUpstream } from '../../fakes/upstream'
import { accountAt, UPSTREAMS } from '../../support/drawing'

const { openai } = UPSTREAMS

/** What becomes of an answer to so many texts. */
async function embedded(answer: unknown, count = 1): Promise<Embeddings | undefined> {
  await using server = fakeUpstream(() => new Response(JSON.stringify(answer)))
  return await openai.embed?.({
    account: accountAt(server.url),
    model: 'vectors',
    request: { input: Array(count).fill('text') },
    abort: new AbortController(),
    step() {},
  })
}

const one = (entry: unknown) => ({ data: [entry] })

test.each([
  ['no list', {}],
  ['no vector', { data: [] }],
  ['one too many', { data: [{ embedding: [1] }, { embedding: [1] }] }],
  ['one of another place', one({ index: 1, embedding: [1] })],
  ['one of no place', one({ index: 'first', embedding: [1] })],
  ['one of half a place', one({ index: 0.5, embedding: [1] })],
  ['one before all others', one({ index: -1, embedding: [1] })],
  ['an empty one', one({ index: 0, embedding: [] })],
  ['an empty text', one({ index: 0, embedding: '' })],
  ['words', one({ index: 0, embedding: ['one'] })],
  ['nothing for a number', one({ index: 0, embedding: [null] })],
  ['half a number', one({ index: 0, embedding: 'AAA=' })],
  ['no base64', one({ index: 0, embedding: '????' })],
  ['no entry', one(null)],
  ['no object', 'vectors'],
])('%s is no answer', async (_, answer) => {
  const cause = await embedded(answer).then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(cause).toMatchObject({ name: 'UpstreamFault', kind: 'malformed' })
})

test('one place for two vectors is no answer, either', async () => {
  const data = [
    { index: 0, embedding: [1] },
    { index: 0, embedding: [2] },
  ]
  const cause = await embedded({ data }, 2).catch((thrown) => thrown)
  expect(cause).toMatchObject({ kind: 'malformed' })
})

test('vectors without a place are in the order that they came in', async () => {
  const data = [{ embedding: [1] }, { embedding: 'AACAPw==' }]
  const usage = { prompt_tokens: 7, total_tokens: 7 }
  expect(await embedded({ data, usage }, 2)).toMatchObject({
    vectors: [[1], 'AACAPw=='],
    usage: { input: 7, source: 'reported' },
  })
})

test('an error with status 200 is a refusal', async () => {
  const error = { message: 'Too many requests', code: 'rate_limit_exceeded' }
  const cause = await embedded({ error }).catch((thrown) => thrown)
  expect(cause).toMatchObject({ kind: 'refused', details: { status: 429 } })
})
