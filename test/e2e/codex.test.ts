import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { call, sealed, text, thought } from '../fakes/responses-outputs'
import { say } from '../fakes/responses-said'
import { fakeResponses, inputOf, responsesAsked } from '../fakes/responses-upstream'
import { chunk, fakeUpstream, sse, USAGE } from '../fakes/upstream'
import { fetchCodex, runCodex } from '../support/codex'
import { type Gateway, gateway, KEY, openaiAt, xaiAt } from '../support/gateway'
import { obtained } from '../support/packages'
import { scratch } from '../support/programs'
import {
  CALL_ID,
  chatAsked,
  chatLoop,
  type Offered,
  responsesLoop,
  type ToolAct,
} from '../support/tool-loop'

const codex = await obtained('Codex', fetchCodex())

const NOTE = 'The lighthouse keeper is called Solveig.'
const QUESTION = 'Who keeps the lighthouse? It is written in note.txt.'
const THOUGHT = 'The file will tell.'

const READ: ToolAct = {
  tool: 'exec_command',
  given: { cmd: 'cat note.txt' },
  thought: THOUGHT,
}

const chatOnly = (act: ToolAct) => fakeUpstream(chatLoop(act))

/** With what xAI does besides. */
const native = (act: ToolAct) =>
  fakeResponses(responsesLoop(act, { emptyIds: true, pings: true, doneEvent: true, cut: 'packed' }))

const UPSTREAMS = [
  ['a chat-only upstream', chatOnly, openaiAt],
  ['a native one', native, xaiAt],
] as const

async function turn(gate: Gateway, folder: string, options: object = {}) {
  await Bun.write(join(folder, 'note.txt'), `${NOTE}\n`)
  return runCodex({
    ...{ codex: codex ?? [], folder, baseUrl: `${gate.url}/v1`, apiKey: KEY },
    ...{ model: 'grok-4', prompt: QUESTION, ...options },
  })
}

const PATIENCE_MS = 60_000

test.skipIf(!codex).each([
  [UPSTREAMS[0][0], 'over HTTP', UPSTREAMS[0], false],
  [UPSTREAMS[1][0], 'over HTTP', UPSTREAMS[1], false],
  [UPSTREAMS[0][0], 'over a WebSocket', UPSTREAMS[0], true],
  [UPSTREAMS[1][0], 'over a WebSocket', UPSTREAMS[1], true],
] as const)(
  'Codex reads a file with its shell and tells what is in it, over %s, %s',
  async (_, _way, [, upstreamOf, at], websockets) => {
    await using folder = await scratch('codex')
    await using upstream = upstreamOf(READ)
    await using gate = await gateway({ env: at(upstream.url) })

    const told = await turn(gate, folder.path, { websockets })

    expect(told.failure).toBeUndefined()
    expect(told.code).toBe(0)
    expect(told.text).toContain('The note says: ')
    expect(told.text).toContain(NOTE)
    expect(told.commands).toMatchObject([{ exit_code: 0, aggregated_output: `${NOTE}\n` }])
    // It would say that it has fallen back from WebSockets.
    expect(told.complaints.filter((one) => !one.includes('Model metadata'))).toEqual([])
    expect(upstream.asked()).toHaveLength(2)
    expect(await gate.ledger()).toMatchObject([
      { outcome: 'done', status: 200 },
      { outcome: 'done', status: 200 },
    ])
  },
  PATIENCE_MS,
)

test.skipIf(!codex)(
  'a chat-only upstream gets the whole history of Codex as messages, and its tools as functions',
  async () => {
    await using folder = await scratch('codex')
    await using upstream = chatOnly(READ)
    await using gate = await gateway({ env: openaiAt(upstream.url) })
    const { usage } = await turn(gate, folder.path)

    const [first, second, ...more] = upstream.asked().map(chatAsked)
    expect(more).toEqual([])
    expect(upstream.asked().map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
    ])
    expect(first?.stream).toBe(true)
    const roles = first?.messages.map(({ role }) => role) ?? []
    expect(roles.filter((role) => !['system', 'developer', 'user'].includes(role))).toEqual([])
    expect(JSON.stringify(first?.messages[0]?.content)).toContain('Codex')
    expect(JSON.stringify(first?.messages.at(-1)?.content)).toContain(QUESTION)
    // Codex brings a namespace of tools and a web search, which no chat knows.
    const tools = first?.tools ?? []
    expect(new Set(tools.map(({ type }) => type))).toEqual(new Set(['function']))
    const names = tools.map((tool) => tool.function?.name ?? '')
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[\w-]{1,64}$/)
    expect(names).toContain('exec_command')
    expect(names.filter((name) => name.includes('spawn_agent'))).toHaveLength(1)

    expect(second?.messages.slice(0, roles.length)).toEqual([...(first?.messages ?? [])])
    expect(second?.messages.slice(roles.length)).toMatchObject([
      {
        role: 'assistant',
        tool_calls: [{ id: CALL_ID, function: { name: 'exec_command' } }],
      },
      { role: 'tool', tool_call_id: CALL_ID, content: expect.stringContaining(NOTE) },
    ])
    const given = second?.messages.at(-2)?.tool_calls?.[0]?.function.arguments ?? ''
    expect(JSON.parse(given)).toEqual({ cmd: 'cat note.txt' })
    // It adds up what both of its turns took.
    expect(usage).toMatchObject({
      input_tokens: 2 * USAGE.prompt_tokens,
      output_tokens: 2 * USAGE.completion_tokens,
    })
  },
  PATIENCE_MS,
)

test.skipIf(!codex)(
  'xAI gets the whole history of Codex as items, its own sealed thoughts included, and nothing that it refuses',
  async () => {
    await using folder = await scratch('codex')
    await using upstream = native(READ)
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    const { usage } = await turn(gate, folder.path)

    expect(upstream.asked().map(({ path }) => path)).toEqual(['/v1/responses', '/v1/responses'])
    const [first, second] = upstream.asked().map(responsesAsked)
    if (!first || !second) throw new Error('Codex asked less than twice.')
    const before = inputOf(first)
    expect(new Set(before.map(({ role }) => role))).toEqual(new Set(['developer', 'user']))
    expect(JSON.stringify(before.at(-1))).toContain(QUESTION)
    expect(first.tools).toContainEqual({ type: 'web_search' })
    expect(first.tools?.map(({ name }) => name)).toContain('exec_command')

    const after = inputOf(second)
    expect(after).toHaveLength(before.length + 3)
    expect(after.slice(before.length)).toMatchObject([
      { type: 'reasoning', encrypted_content: sealed(THOUGHT) },
      { type: 'function_call', call_id: CALL_ID, name: 'exec_command' },
      {
        type: 'function_call_output',
        call_id: CALL_ID,
        output: expect.stringContaining(NOTE),
      },
    ])
    // Turns of one session share the prompt cache.
    expect(first.prompt_cache_key).toBeString()
    expect(second.prompt_cache_key).toBe(first.prompt_cache_key ?? '')
    // xAI leaves reasoning out of the output, OpenAI's clients count on it.
    expect(usage).toMatchObject({
      input_tokens: 64,
      cached_input_tokens: 16,
      output_tokens: 238,
      reasoning_output_tokens: 220,
    })
  },
  PATIENCE_MS,
)

const PATCH = '*** Begin Patch\n*** Add File: made.txt\n+Solveig\n*** End Patch\n'

/** Codex's own way to write files: a tool that takes text. Where there are only functions, it has to be one. */
const WRITE: ToolAct = {
  tool: 'apply_patch',
  given: ({ parameters }: Offered) => {
    const [field = 'input'] = Object.keys(parameters?.properties ?? {})
    return { [field]: PATCH }
  },
}

test.skipIf(!codex).each(UPSTREAMS)(
  'Codex writes a file with a tool that takes text of any form, over %s',
  async (_, upstreamOf, at) => {
    await using folder = await scratch('codex')
    await using upstream = upstreamOf(WRITE)
    await using gate = await gateway({ env: at(upstream.url) })
    // Codex offers that tool to models that it knows.
    await gate.stores.aliases.set('gpt-5.5', 'grok-4')
    await gate.app.refresh()

    const told = await turn(gate, folder.path, { model: 'gpt-5.5' })

    expect(told.failure).toBeUndefined()
    expect(await Bun.file(join(folder.path, 'made.txt')).text()).toBe('Solveig\n')
    expect(told.text).toContain('A made.txt')
  },
  PATIENCE_MS,
)

const CLOSE: ToolAct = { tool: /close_agent/, given: { target: 'nobody' } }

test.skipIf(!codex).each(UPSTREAMS)(
  'a call of a tool in a namespace finds its tool in Codex, over %s',
  async (_, upstreamOf, at) => {
    await using folder = await scratch('codex')
    await using upstream = upstreamOf(CLOSE)
    await using gate = await gateway({ env: at(upstream.url) })

    const told = await turn(gate, folder.path)

    // A name without its namespace would be an unsupported call.
    expect(told.text).toContain('invalid agent id nobody')
  },
  PATIENCE_MS,
)

const died = {
  chat: () =>
    fakeUpstream(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([JSON.stringify(chunk({ role: 'assistant', content: 'The note' }))], { cut: true })
        : undefined,
    ),
  native: () =>
    fakeResponses((asked) =>
      say(asked, [thought(THOUGHT), call('exec_command', {}, CALL_ID), text('The note')], {
        breaks: { after: 6, by: 'overload' },
        gapMs: 20,
      }),
    ),
}

test.skipIf(!codex).each([
  ['a chat-only upstream', died.chat, openaiAt],
  ['a native one', died.native, xaiAt],
] as const)(
  'an answer that breaks off is a failed turn for Codex, over %s',
  async (_, upstreamOf, at) => {
    await using folder = await scratch('codex')
    await using upstream = upstreamOf()
    await using gate = await gateway({ env: at(upstream.url) })

    const told = await turn(gate, folder.path)

    expect(told.code).toBe(1)
    expect(told.failure).toContain('stream disconnected before completion')
    expect(told.usage).toBeUndefined()
    expect(upstream.asked()).toHaveLength(1)
    expect(told.failure).not.toContain('xai-account-secret-1')
  },
  PATIENCE_MS,
)
