import { expect, test } from 'bun:test'
import { fakeResponses, inputOf, responsesAsked } from '../fakes/responses-upstream'
import { fakeUpstream, USAGE } from '../fakes/upstream'
import { fetchLangChain, runClient } from '../support/client-script'
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

const home = await obtained('LangChain', fetchLangChain())

const NOTE = 'The keeper is called Solveig'
const LOOK_UP: ToolAct = {
  tool: 'look_up',
  given: { place: 'lighthouse' },
  thought: 'The archive will tell.',
}

/** What `test/support/clients/langchain.mjs` tells. */
interface Told {
  readonly turns: readonly {
    readonly chunks: number
    readonly text: string
    readonly calls: readonly unknown[]
    readonly usage: unknown
  }[]
}

const job = (url: string, responses: boolean, stream: boolean) => ({
  ...{ baseURL: `${url}/v1`, apiKey: KEY, model: 'grok-4', responses, stream },
  ...{ question: 'Who keeps the lighthouse?', note: NOTE },
})

function expectLoop({ turns }: Told, stream: boolean) {
  expect(turns).toMatchObject([
    { calls: [{ name: 'look_up', args: { place: 'lighthouse' } }] },
    { calls: [], text: `${TOLD}lighthouse: ${NOTE}` },
  ])
  if (stream) for (const { chunks } of turns) expect(chunks).toBeGreaterThan(2)
}

const WAYS = [
  ['chat', 'JSON', false, false],
  ['chat', 'a stream', false, true],
  ['the Responses API', 'JSON', true, false],
  ['the Responses API', 'a stream', true, true],
] as const

test.skipIf(!home).each(WAYS)(
  'LangChain runs a tool loop on %s with %s, over a chat-only upstream',
  async (_, _form, responses, stream) => {
    await using upstream = fakeUpstream(chatLoop(LOOK_UP))
    await using gate = await gateway({ env: openaiAt(upstream.url) })
    const told = await runClient<Told>(home ?? '', 'langchain', job(gate.url, responses, stream))
    expectLoop(told, stream)
    for (const { usage } of told.turns)
      expect(usage).toMatchObject({
        input_tokens: USAGE.prompt_tokens,
        output_tokens: USAGE.completion_tokens,
        total_tokens: USAGE.total_tokens,
      })
    const [, second, ...more] = upstream.asked().map(chatAsked)
    expect(more).toEqual([])
    expect(second?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: CALL_ID, function: { name: 'look_up' } }] },
      { role: 'tool', tool_call_id: CALL_ID, content: `lighthouse: ${NOTE}` },
    ])
  },
)

test.skipIf(!home).each(WAYS)(
  'LangChain runs a tool loop on %s with %s, over xAI',
  async (_, _form, responses, stream) => {
    await using upstream = fakeResponses(
      responsesLoop(LOOK_UP, { pings: true, doneEvent: true, cut: 'bytes' }),
      { chat: chatLoop(LOOK_UP) },
    )
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    const told = await runClient<Told>(home ?? '', 'langchain', job(gate.url, responses, stream))
    expectLoop(told, stream)
    const path = responses ? '/v1/responses' : '/v1/chat/completions'
    expect(upstream.asked().map((seen) => seen.path)).toEqual([path, path])
    if (!responses) return
    for (const { usage } of told.turns)
      expect(usage).toMatchObject({
        input_tokens: 32,
        output_tokens: 119,
        total_tokens: 151,
        output_token_details: { reasoning: 110 },
      })
    const [, second] = upstream.asked().map(responsesAsked)
    if (!second) throw new Error('The upstream was asked less than twice.')
    const items = inputOf(second).filter(({ type }) => type !== 'reasoning')
    expect(items).toMatchObject([
      { role: 'user' },
      { type: 'function_call', call_id: CALL_ID },
      { type: 'function_call_output', call_id: CALL_ID, output: `lighthouse: ${NOTE}` },
    ])
  },
)
