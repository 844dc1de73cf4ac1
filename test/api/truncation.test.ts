import { expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { gateway, xaiAt } from '../support/gateway'
import { until } from '../support/programs'

/** How much of a conversation of four long messages reached a model with a window of 4,000 tokens. */
async function keptOf(fields: object): Promise<number> {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? Response.json({
          object: 'list',
          data: [{ id: 'grok-4', object: 'model', created: 1, context_length: 4_000 }],
        })
      : undefined,
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  await until(
    async () => (await (await it.get('/v1/models')).text()).includes('grok-4') || undefined,
  )
  const input = [1, 2, 3, 4].map((n) => ({ role: 'user', content: `${n}${'x'.repeat(4_000)}` }))
  await it.post('/v1/responses', { model: 'grok-4', input, ...fields })
  const [seen] = upstream.asked()
  return [1, 2, 3, 4].filter((n) => seen?.body.includes(`${n}xxx`)).length
}

test.each([
  ['nothing is left out unless the client wants it', {}, 4],
  ['an eighth of the window is left for the answer', { truncation: 'auto' }, 3],
  [
    'more is left where the answer may be long',
    { truncation: 'auto', max_output_tokens: 2_500 },
    1,
  ],
  ['instructions take their part', { truncation: 'auto', instructions: 'y'.repeat(6_000) }, 1],
])('%s', async (_, fields, kept) => {
  expect(await keptOf(fields)).toBe(kept)
})
