import { expect, test } from 'bun:test'
import type { Gateway } from '../support/gateway'
import { overChat, overResponsesOnly, overXai } from '../support/responses-world'

const CHAT = { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }] }
const RESPONSE = { model: 'grok-4', input: 'Hi' }
const CUSTOM = { type: 'custom', custom: { name: 'patch' } }

async function droppedOf({ post }: Gateway, path: string, body: object): Promise<string[]> {
  const response = await post(path, body)
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
  return response.headers.get('x-groxy-dropped')?.split(', ') ?? []
}

/** What cannot be said in other words, however it is asked. */
const UNTRANSLATED = {
  logit_bias: { '50256': -100 },
  prediction: { type: 'content', content: 'Hi' },
  audio: { voice: 'ash', format: 'mp3' },
  modalities: ['text', 'image'],
  prompt_cache_retention: '24h',
  enable_thinking: false,
}

/** What is asked for where nothing is asked for. */
const NOTHING = {
  ...{ logit_bias: {}, prediction: null, modalities: ['text'], made_up: '', top_p: 1 },
  ...{ temperature: 1, frequency_penalty: 0, service_tier: 'auto', metadata: { a: 'b' } },
}

test('a server of the Responses API is told little of what only chat can say, and that is named', async () => {
  await using world = await overResponsesOnly()
  const asked = {
    ...UNTRANSLATED,
    ...{ stop: ['x'], seed: 0, frequency_penalty: 0.5, presence_penalty: 0.5 },
    video_config: { preset: 'fun' },
    web_search_options: { search_context_size: null, filters: { allowed_domains: ['x.ai'] } },
    user: 'me',
  }
  const { user: _, web_search_options: __, ...fields } = asked
  const dropped = await droppedOf(world.gate, '/v1/chat/completions', { ...CHAT, ...asked })
  expect(dropped.toSorted()).toEqual(
    [...Object.keys(fields), 'web_search_options.filters'].toSorted(),
  )
  const sent = JSON.parse(world.upstream.asked()[0]?.body ?? '')
  for (const field of dropped) expect(sent).not.toHaveProperty(field)
})

test('a chat server is told little of what only the Responses API can say, and that is named', async () => {
  await using world = await overChat()
  const dropped = await droppedOf(world.gate, '/v1/responses', {
    ...RESPONSE,
    include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
    reasoning: { effort: 'low', summary: 'detailed' },
    text: { verbosity: 'low', spoken: true },
    context_management: [{ type: 'compaction', compact_threshold: 1000 }],
    prompt_cache_retention: '24h',
    max_tool_calls: 3,
    truncation: 'disabled',
    video_config: { preset: 'fun' },
    tools: [{ type: 'web_search' }],
    made_up: 1,
  })
  expect(dropped).toEqual([
    'include.reasoning.encrypted_content',
    'reasoning.summary',
    'text.spoken',
    'context_management',
    'prompt_cache_retention',
    'max_tool_calls',
    'video_config',
    'made_up',
    'web_search',
  ])
})

test('a chat that is written anew for xAI loses what translation does not know, and that is named', async () => {
  await using world = await overXai()
  const asked = { ...UNTRANSLATED, modalities: ['text'], tools: [CUSTOM] }
  const { modalities: _, tools: __, ...fields } = asked
  const dropped = await droppedOf(world.gate, '/v1/chat/completions', { ...CHAT, ...asked })
  expect(dropped).toEqual(Object.keys(fields))
})

test('what xAI refuses of its own API is named', async () => {
  await using world = await overXai()
  const search = { type: 'web_search', external_web_access: false, search_context_size: 'medium' }
  const run = { type: 'code_interpreter', container: { type: 'auto' } }
  const dropped = await droppedOf(world.gate, '/v1/responses', {
    ...RESPONSE,
    input: [
      { type: 'message', role: 'user', content: 'Hi' },
      { type: 'apply_patch_call_output', call_id: 'call_1', status: 'completed' },
    ],
    tools: [search, run, { type: 'computer' }, { type: 'computer' }],
    text: { verbosity: 'low' },
    prompt_cache_retention: '24h',
    context_management: [],
    truncation: 'auto',
    frequency_penalty: 0,
  })
  expect(dropped).toEqual([
    'prompt_cache_retention',
    'text.verbosity',
    'apply_patch_call_output',
    'web_search.external_web_access',
    'computer',
  ])
})

test('nothing is named of what goes without saying', async () => {
  await using chat = await overChat()
  await using modern = await overResponsesOnly()
  const usual = { include: [], reasoning: { summary: 'auto' }, text: { format: { type: 'text' } } }
  const response = { ...RESPONSE, ...NOTHING, ...usual, truncation: 'auto', store: false }
  expect(await droppedOf(chat.gate, '/v1/responses', response)).toEqual([])
  const body = { ...CHAT, ...NOTHING, store: true, n: 1, logprobs: false, stop: [] }
  expect(await droppedOf(modern.gate, '/v1/chat/completions', body)).toEqual([])
})

test('nothing is named where a request passes as it came', async () => {
  await using world = await overChat()
  const { gate } = world
  const body = { ...CHAT, ...UNTRANSLATED }
  expect(await droppedOf(gate, '/v1/chat/completions', body)).toEqual([])
  expect(JSON.parse(world.upstream.asked()[0]?.body ?? '')).toMatchObject(UNTRANSLATED)
})

test('names that clients make up do not fill the header', async () => {
  await using world = await overResponsesOnly()
  const madeUp = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`field_${at}`, at]))
  const response = await world.gate.post('/v1/chat/completions', { ...CHAT, ...madeUp })
  expect(response.status).toBe(200)
  const { length = 0 } = response.headers.get('x-groxy-dropped') ?? {}
  expect([length > 700, length <= 800]).toEqual([true, true])
})
