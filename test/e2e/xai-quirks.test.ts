import { describe, expect, test } from 'bun:test'
import OpenAI, { BadRequestError, InternalServerError, RateLimitError } from 'openai'
import type { Response as OpenAiResponse } from 'openai/resources/responses/responses'
import {
  call,
  codeExecution,
  codeRun,
  mcpCall,
  novelty,
  refusal,
  sealed,
  summary,
  text,
  thought,
  webSearch,
  xSearch,
  xSearchCall,
} from '../fakes/responses-outputs'
import { CLIENT_USAGE, type Manner, refused, say, unavailable } from '../fakes/responses-said'
import { inputOf, type ResponsesAsked, responsesAsked } from '../fakes/responses-upstream'
import type { FakeUpstream } from '../fakes/upstream'
import { officialEventFaults } from '../support/official-responses'
import { readResponseStream } from '../support/response-order'
import {
  comparable,
  expectOfficial,
  expectOfficialStream,
  failureOf,
  overXai,
} from '../support/responses-world'

const ASK = { model: 'grok-4', input: 'Who keeps the lighthouse?' }

const THOUGHT = 'Keepers come and go 👋🏽, lighthouses stay.'
const ANSWER = 'It is Solveig 👋🏽, says the log.'
const LOG = { url: 'https://example.com/log', title: 'The log', start: 6, end: 13 }

/** Everything that xAI may say, in one answer. */
const RICH = [
  thought(THOUGHT),
  webSearch('lighthouse keeper'),
  xSearch('lighthouse'),
  xSearchCall('keeper'),
  codeRun('print(6 * 7)', '42\n'),
  codeExecution('print(6 * 9)', '54\n'),
  mcpCall('harbour', 'look_up', { place: 'lighthouse' }, 'Solveig'),
  novelty(),
  text(ANSWER, { sources: [LOG] }),
  call('ring', { times: 3 }, 'call_ring'),
]

const rich = (manner: Manner) => (asked: ResponsesAsked) => say(asked, RICH, manner)

/** What a client is told of it. */
function expectRich(response: OpenAiResponse): void {
  expectOfficial(response)
  expect(response).toMatchObject({ status: 'completed', model: 'grok-4', usage: CLIENT_USAGE })
  expect(response.output_text).toBe(ANSWER)
  expect(response.output.map(({ type }) => type)).toEqual([
    'reasoning',
    // Searches of X are searches to OpenAI's clients, and code is code.
    ...Array.from({ length: 3 }, () => 'web_search_call' as const),
    ...Array.from({ length: 2 }, () => 'code_interpreter_call' as const),
    'mcp_call',
    'message',
    'function_call',
  ])
  expect(response.output).toMatchObject([
    { summary: [{ type: 'summary_text', text: THOUGHT }] },
    { action: { type: 'search', query: 'lighthouse keeper' } },
    { action: { type: 'search', query: 'lighthouse' } },
    { action: { type: 'search', query: 'keeper' } },
    { code: 'print(6 * 7)' },
    { code: 'print(6 * 9)' },
    { server_label: 'harbour', name: 'look_up', output: 'Solveig' },
    {
      content: [
        {
          annotations: [
            { type: 'url_citation', url: LOG.url, title: LOG.title, start_index: LOG.start },
          ],
        },
      ],
    },
    { call_id: 'call_ring', name: 'ring', arguments: '{"times":3}' },
  ])
  const ids = response.output.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z]+_\S+$/)
}

const MANNERS: readonly (readonly [string, Manner])[] = [
  ['one event at a time', {}],
  ['in single bytes', { cut: 'bytes' }],
  ['with CRLF', { cut: 'crlf' }],
  ['several at once', { cut: 'packed' }],
  ['with pings', { pings: true }],
  ['with an event after the end', { doneEvent: true }],
  ['without [DONE]', { bare: true }],
  ['without ids of thoughts', { emptyIds: true }],
  ['all that at once', { cut: 'bytes', pings: true, doneEvent: true, emptyIds: true }],
]

describe("everything that xAI says becomes OpenAI's", () => {
  test.each(MANNERS)('in a stream that came %s', async (_, manner) => {
    await using world = await overXai(rich(manner))
    const final = await world.client.responses.stream(ASK).finalResponse()
    expectRich(final)
    const events = expectOfficialStream(await world.stream())
    expect(comparable(events.at(-1)?.response as object)).toEqual(comparable(final))
  })

  test('in one piece, the same as in a stream', async () => {
    await using world = await overXai(rich({ emptyIds: true }))
    const answer = await world.client.responses.create(ASK)
    expectRich(answer)
    const final = await world.client.responses.stream(ASK).finalResponse()
    expect(comparable(final)).toEqual(comparable(answer))
  })

  test.each([false, true])('paragraphs of a thought stay apart (stream: %p)', async (stream) => {
    const paragraphs = ['First the log.', 'Then the tower.']
    await using world = await overXai((asked) => say(asked, [summary(paragraphs), text('Yes')]))
    const { responses } = world.client
    const { output } = stream
      ? await responses.stream(ASK).finalResponse()
      : await responses.create(ASK)
    expect(output).toMatchObject([
      { type: 'reasoning', summary: paragraphs.map((said) => ({ text: said })) },
      { type: 'message' },
    ])
    if (stream) expectOfficialStream(await world.stream())
  })

  test.each([false, true])('a refusal stays one (stream: %p)', async (stream) => {
    await using world = await overXai((asked) => say(asked, [refusal('I would rather not.')]))
    const { responses } = world.client
    const answer = stream
      ? await responses.stream(ASK).finalResponse()
      : await responses.create(ASK)
    expectOfficial(answer)
    expect(answer.output).toMatchObject([
      { type: 'message', content: [{ type: 'refusal', refusal: 'I would rather not.' }] },
    ])
  })

  test.each(['max_output_tokens', 'max_prompt_tokens', 'max_time_limit'] as const)(
    'an answer cut short by %s is incomplete',
    async (incomplete) => {
      await using world = await overXai((asked) => say(asked, [text('It is')], { incomplete }))
      const final = await world.client.responses.stream(ASK).finalResponse()
      expectOfficial(final)
      expect(final.status).toBe('incomplete')
      expect(final.incomplete_details?.reason).toBe('max_output_tokens')
      const events = expectOfficialStream(await world.stream())
      expect(events.at(-1)?.type).toBe('response.incomplete')
    },
  )
})

describe('what xAI takes no offence at', () => {
  test('fields of tools that it refuses are left out, and the tools remain', async () => {
    await using world = await overXai()
    await world.client.responses.create({
      ...ASK,
      tools: [
        {
          type: 'web_search',
          search_context_size: 'high',
          user_location: { type: 'approximate', country: 'NO' },
          filters: { allowed_domains: ['example.com'] },
        },
        { type: 'code_interpreter', container: { type: 'auto' } },
        {
          type: 'file_search',
          vector_store_ids: ['collection_1'],
          filters: { type: 'eq', key: 'place', value: 'lighthouse' },
          ranking_options: { ranker: 'auto' },
        },
      ],
    })
    const [asked] = sent(world.upstream)
    expect(asked?.tools).toMatchObject([
      { type: 'web_search', filters: { allowed_domains: ['example.com'] } },
      { type: 'code_interpreter' },
      { type: 'file_search', vector_store_ids: ['collection_1'] },
    ])
  })

  test('its own search of X reaches it', async () => {
    await using world = await overXai()
    const search = { type: 'x_search', allowed_x_handles: ['lighthouses'] }
    const answer = await world.gate.post('/v1/responses', { ...ASK, tools: [search] })
    expect(answer.status).toBe(200)
    expect(sent(world.upstream)[0]?.tools).toEqual([{ ...search, type: 'x_search' }])
  })

  test.each([
    ['minimal', 'low'],
    ['high', 'high'],
    ['max', 'xhigh'],
  ] as const)('a model that cannot think "%s" thinks "%s"', async (wanted, told) => {
    await using world = await overXai()
    await world.client.responses.create({ ...ASK, reasoning: { effort: wanted } })
    expect(sent(world.upstream)[0]?.reasoning).toMatchObject({ effort: told })
  })

  test('a conversation goes on without ids that only we know', async () => {
    await using world = await overXai((asked) => say(asked, [thought(THOUGHT), text('Solveig')]))
    const { responses } = world.client
    const first = await responses.create({ ...ASK, instructions: 'Be brief.' })
    await responses.create({
      model: 'grok-4',
      instructions: 'Be long.',
      previous_response_id: first.id,
      input: 'Since when?',
    })
    const [, asked] = sent(world.upstream)
    if (!asked) throw new Error('The upstream was asked less than twice.')
    expect(asked).not.toHaveProperty('previous_response_id')
    const said = inputOf(asked).filter(({ role }) => role !== 'system' && role !== 'developer')
    expect(said).toMatchObject([
      { role: 'user' },
      { type: 'reasoning', encrypted_content: sealed(THOUGHT) },
      { role: 'assistant' },
      { role: 'user' },
    ])
    const whole = JSON.stringify([asked.instructions, asked.input])
    expect(whole).toContain('Be long.')
    expect(whole).not.toContain('Be brief.')
  })
})

describe('thoughts that only their upstream can read', () => {
  const INCLUDE = { include: ['reasoning.encrypted_content' as const] }
  const thinking = (asked: ResponsesAsked) => say(asked, [thought(THOUGHT), text('Solveig')])

  const sealedOf = ({ output }: OpenAiResponse) =>
    output.flatMap((item) => (item.type === 'reasoning' ? (item.encrypted_content ?? []) : []))

  test('are handed out only where they are asked for, and taken back', async () => {
    await using world = await overXai(thinking)
    const { responses } = world.client
    expect(sealedOf(await responses.create(ASK))).toEqual([])
    const first = await responses.create({ ...ASK, ...INCLUDE, store: false })
    expect(sealedOf(first)).toEqual([expect.stringContaining(sealed(THOUGHT))])

    await responses.create({
      ...{ model: 'grok-4', store: false },
      input: [
        { role: 'user', content: ASK.input },
        ...first.output.filter((item) => item.type === 'reasoning' || item.type === 'message'),
        { role: 'user', content: 'Since when?' },
      ],
    })
    const asked = sent(world.upstream).at(-1)
    if (!asked) throw new Error('The upstream was not asked.')
    const back = inputOf(asked).filter(({ type }) => type === 'reasoning')
    expect(back).toMatchObject([{ encrypted_content: sealed(THOUGHT) }])
  })

  test('of another account are kept from this one', async () => {
    await using world = await overXai(thinking)
    const foreign = `groxy.00000000.${sealed('Somebody else thought that.')}`
    const answer = await world.client.responses.create({
      model: 'grok-4',
      input: [
        { role: 'user', content: ASK.input },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: foreign },
        { role: 'user', content: 'Since when?' },
      ],
    })
    expect(answer.output_text).toBe('Solveig')
    expect(world.upstream.asked()[0]?.body).not.toContain('00000000')
  })

  test('that it cannot read are left out, and the turn goes on', async () => {
    await using world = await overXai(thinking)
    const answer = await world.client.responses.create({
      model: 'grok-4',
      input: [
        { role: 'user', content: ASK.input },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gibberish' },
      ],
    })
    expect(answer.output_text).toBe('Solveig')
    expect(sent(world.upstream).map(({ input }) => input.length)).toEqual([2, 1])
  })
})

const sent = (upstream: FakeUpstream) => upstream.asked().map(responsesAsked)

describe('faults before the answer', () => {
  test.each([
    [
      'a limit',
      () => refused(429, 'Some resource has been exhausted', 'Too many requests'),
      RateLimitError,
    ],
    [
      'a bad argument',
      () => refused(400, 'Client specified an invalid argument', 'Too long.'),
      BadRequestError,
    ],
    ['an overload', () => refused(529, 'overloaded', 'Busy.'), InternalServerError],
    [
      'a fault in one word',
      () => Response.json({ error: 'oops' }, { status: 500 }),
      InternalServerError,
    ],
    ['a fault that looks like an answer', unavailable, InternalServerError],
    [
      'a fault as the first event',
      (asked: ResponsesAsked) =>
        say(asked, [text('Never')], { breaks: { after: 2, by: 'overload' } }),
      InternalServerError,
    ],
    [
      'a stream that ends at once',
      (asked: ResponsesAsked) =>
        say(asked, [text('Never')], { breaks: { after: 0, by: 'silence' } }),
      InternalServerError,
    ],
  ] as const)('%s has a status of its own', async (_, answer, kind) => {
    await using world = await overXai(answer)
    const call = world.client.responses.create({ ...ASK, stream: true })
    const failure = await failureOf(call, kind)
    expect(failure.requestID).toMatch(/^req_/)
    expect(JSON.stringify(failure)).not.toContain('xai-account-secret-1')
    expect(await world.stream()).toBe('')
  })
})

describe('faults within the answer', () => {
  const BROKEN = ['overload', 'nested', 'failed', 'cut', 'silence'] as const

  test.each(BROKEN)('a stream that ends by %s fails, and is kept as failed', async (by) => {
    await using world = await overXai((asked) =>
      say(asked, [text('It is Solveig')], { breaks: { after: 6, by }, gapMs: 20 }),
    )
    const { responses } = world.client
    const said: string[] = []
    let id = ''
    const reading = (async () => {
      for await (const event of await responses.create({ ...ASK, stream: true })) {
        if (event.type === 'response.created') id = event.response.id
        if (event.type === 'response.output_text.delta') said.push(event.delta)
      }
    })()
    await failureOf(reading, OpenAI.APIError)
    expect(said.join('')).toBe('It is ')

    const { events, done } = readResponseStream(await world.stream())
    expect(done).toBe(false)
    expect(events.flatMap(officialEventFaults)).toEqual([])
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()])
    const [error, failed] = events.slice(-2)
    expect(error).toMatchObject({ type: 'error', message: expect.any(String) })
    expect(failed).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })

    const kept = await responses.retrieve(id)
    expectOfficial(kept)
    expect(kept).toMatchObject({ status: 'failed', error: { message: expect.any(String) } })
    expect(kept.output_text).toBe('It is ')
    expect(await world.gate.ledger()).toMatchObject([{ outcome: 'broken' }])
  })
})
