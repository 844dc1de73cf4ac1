import { describe, expect, test } from 'bun:test'
import { sealed } from '../fakes/responses-outputs'
import { fakeResponses, inputOf, responsesAsked } from '../fakes/responses-upstream'
import { type FakeUpstream, fakeUpstream, USAGE } from '../fakes/upstream'
import { fetchAiSdk, runClient } from '../support/client-script'
import { gateway, KEY, openaiAt, xaiAt } from '../support/gateway'
import { obtained } from '../support/packages'
import {
  CALL_ID,
  chatAsked,
  chatLoop,
  responsesLoop,
  TOLD,
  type ToolAct,
} from '../support/tool-loop'

const home = await obtained('the AI SDK', fetchAiSdk())

const NOTE = 'The keeper is called Solveig'
const THOUGHT = 'The archive will tell.'
const LOOK_UP: ToolAct = { tool: 'look_up', given: { place: 'lighthouse' }, thought: THOUGHT }

/** What `test/support/clients/ai-sdk.mjs` tells. */
interface Told {
  readonly errors: readonly string[]
  readonly deltas: readonly string[]
  readonly text: string
  readonly steps: readonly {
    readonly finishReason: string
    readonly reasoning: string
    readonly calls: readonly { readonly toolName: string; readonly input: unknown }[]
    readonly results: readonly unknown[]
    readonly usage: {
      readonly inputTokens: number
      readonly outputTokens: number
      readonly outputTokenDetails: { readonly textTokens: number; readonly reasoningTokens: number }
    }
  }[]
}

const upstreams = {
  'a chat-only upstream': () => fakeUpstream(chatLoop(LOOK_UP)),
  xAI: () =>
    fakeResponses(responsesLoop(LOOK_UP, { pings: true, doneEvent: true, cut: 'packed' }), {
      chat: chatLoop(LOOK_UP),
    }),
}

/** One tool loop through a gateway that has one account. */
async function loop(
  upstream: FakeUpstream,
  at: (url: string) => Record<string, string>,
  job: object,
) {
  await using gate = await gateway({ env: at(upstream.url) })
  const told = await runClient<Told>(home ?? '', 'ai-sdk', {
    ...{ baseURL: `${gate.url}/v1`, apiKey: KEY, model: 'grok-4' },
    ...{ question: 'Who keeps the lighthouse?', note: NOTE, ...job },
  })
  expect(await gate.ledger()).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
  return told
}

/** The loop as every client has to see it. */
function expectLoop({ errors, deltas, text, steps }: Told, stream: boolean) {
  expect(errors).toEqual([])
  expect(text).toBe(`${TOLD}lighthouse: ${NOTE}`)
  if (stream) expect(deltas.length).toBeGreaterThan(1)
  if (stream) expect(deltas.join('')).toBe(text)
  expect(steps).toMatchObject([
    {
      finishReason: 'tool-calls',
      calls: [{ toolName: 'look_up', input: { place: 'lighthouse' } }],
      results: [`lighthouse: ${NOTE}`],
    },
    { finishReason: 'stop', calls: [], results: [] },
  ])
}

const REASONERS = ['responses', 'xai', 'compatible']

const JOBS = ['chat', 'compatible', 'responses', 'xai'].flatMap((provider) =>
  [false, true].map((stream) => [provider, stream] as const),
)

describe.skipIf(!home)('the AI SDK runs a tool loop', () => {
  test.each(JOBS)(
    'with its provider %s over a chat-only upstream (stream: %p)',
    async (provider, stream) => {
      await using upstream = upstreams['a chat-only upstream']()
      const told = await loop(upstream, openaiAt, { provider, stream })
      expectLoop(told, stream)
      expect(told.steps[0]?.reasoning).toBe(REASONERS.includes(provider) ? THOUGHT : '')
      for (const { usage } of told.steps)
        expect(usage).toMatchObject({
          inputTokens: USAGE.prompt_tokens,
          outputTokens: USAGE.completion_tokens,
        })

      const [first, second, ...more] = upstream.asked().map(chatAsked)
      expect(more).toEqual([])
      expect(first?.stream ?? false).toBe(stream)
      expect(first?.tools).toMatchObject([{ type: 'function', function: { name: 'look_up' } }])
      expect(second?.messages).toMatchObject([
        { role: 'user' },
        {
          role: 'assistant',
          tool_calls: [
            { id: CALL_ID, function: { name: 'look_up', arguments: '{"place":"lighthouse"}' } },
          ],
        },
        { role: 'tool', tool_call_id: CALL_ID, content: `lighthouse: ${NOTE}` },
      ])
    },
  )

  test.each(JOBS)('with its provider %s over xAI (stream: %p)', async (provider, stream) => {
    await using upstream = upstreams.xAI()
    const told = await loop(upstream, xaiAt, { provider, stream })
    expectLoop(told, stream)
    expect(told.steps[0]?.reasoning).toBe(REASONERS.includes(provider) ? THOUGHT : '')

    const isResponses = provider === 'responses' || provider === 'xai'
    const path = isResponses ? '/v1/responses' : '/v1/chat/completions'
    expect(upstream.asked().map((seen) => seen.path)).toEqual([path, path])
    if (!isResponses) return
    // As xAI counts, the text would have minus 101 tokens.
    for (const { usage } of told.steps)
      expect(usage).toMatchObject({
        inputTokens: 32,
        outputTokens: 119,
        outputTokenDetails: { textTokens: 9, reasoningTokens: 110 },
      })
    const [, second] = upstream.asked().map(responsesAsked)
    if (!second) throw new Error('The upstream was asked less than twice.')
    const items = inputOf(second).filter(({ type }) => type !== 'reasoning')
    expect(items).toMatchObject([
      { role: 'user' },
      { type: 'function_call', call_id: CALL_ID, arguments: '{"place":"lighthouse"}' },
      { type: 'function_call_output', call_id: CALL_ID, output: `lighthouse: ${NOTE}` },
    ])
  })

  test.each([
    ['by reference to what is stored', undefined],
    ['with the request', { openai: { store: false, include: ['reasoning.encrypted_content'] } }],
  ] as const)('and what xAI thought comes back to it, %s', async (_, options) => {
    await using upstream = upstreams.xAI()
    const told = await loop(upstream, xaiAt, { provider: 'responses', stream: true, options })
    expectLoop(told, true)
    const [, second] = upstream.asked().map(responsesAsked)
    if (!second) throw new Error('The upstream was asked less than twice.')
    expect(inputOf(second).map(({ type = 'message' }) => type)).toEqual([
      'message',
      'reasoning',
      'function_call',
      'function_call_output',
    ])
    expect(inputOf(second)[1]).toMatchObject({ encrypted_content: sealed(THOUGHT) })
  })
})
