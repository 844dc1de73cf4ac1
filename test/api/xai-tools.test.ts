import { describe, expect, test } from 'bun:test'
import { BadRequestError } from 'openai'
import { responsesAsked } from '../fakes/responses-upstream'
import { chunk, hello, type Script, sse } from '../fakes/upstream'
import { failureOf, overXai } from '../support/responses-world'

const ASK = { model: 'grok-4', messages: [{ role: 'user' as const, content: 'Patch it' }] }
const PATCH = { type: 'custom' as const, custom: { name: 'patch', description: 'Edit a file.' } }
const FIND = {
  type: 'function' as const,
  function: { name: 'find', parameters: { type: 'object', properties: {} } },
}
const INPUT = '*** Begin "patch"\n+👋🏽'

/** A model that calls the tool as the function that it was told of. */
const patching: Script = ({ path, body }) => {
  if (path !== '/v1/chat/completions') return undefined
  const called = { name: 'patch', arguments: JSON.stringify({ input: INPUT }) }
  const calls = [{ index: 0, id: 'call_1', type: 'function', function: called }]
  if (JSON.parse(body).stream)
    return sse([
      JSON.stringify(chunk({ role: 'assistant', tool_calls: calls })),
      JSON.stringify(chunk({}, 'tool_calls')),
      '[DONE]',
    ])
  const message = { role: 'assistant', content: '', tool_calls: calls }
  return Response.json(hello({ choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }))
}

describe("tools of chat that xAI's chat does not know", () => {
  test.each([false, true])('one that takes text is called with text (stream: %p)', async (live) => {
    await using world = await overXai(undefined, { chat: patching })
    const { completions } = world.client.chat
    const body = { ...ASK, tools: [PATCH, FIND], tool_choice: PATCH }
    const answer = live
      ? await completions.stream(body).finalChatCompletion()
      : await completions.create(body)
    const [choice] = answer.choices
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(choice?.message.tool_calls).toMatchObject([
      { id: 'call_1', type: 'custom', custom: { name: 'patch', input: INPUT } },
    ])
    const sent = JSON.parse(world.upstream.asked()[0]?.body ?? '')
    expect(sent.tool_choice).toEqual({ type: 'function', function: { name: 'patch' } })
  })

  test('a conversation goes on after such a call, without the tool', async () => {
    await using world = await overXai()
    const call = { id: 'call_1', ...PATCH, custom: { name: 'patch', input: INPUT } }
    const { choices } = await world.client.chat.completions.create({
      model: 'grok-4',
      messages: [
        ...ASK.messages,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'Done.' },
      ],
    })
    expect(choices[0]?.message.content).toBe('Hello there')
    const { messages } = JSON.parse(world.upstream.asked()[0]?.body ?? '')
    expect(messages[1].tool_calls).toMatchObject([{ type: 'function' }])
  })

  test('those that may be called are the only ones that it is told of', async () => {
    await using world = await overXai()
    const others = ['one', 'two'].map((name) => ({ ...FIND, function: { name } }))
    await world.client.chat.completions.create({
      ...ASK,
      tools: [...others, FIND],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [{ type: 'function', function: { name: 'find' } }],
        },
      },
    })
    const { tools, tool_choice } = JSON.parse(world.upstream.asked()[0]?.body ?? '')
    expect([tools.map(({ function: { name } }: typeof FIND) => name), tool_choice]).toEqual([
      ['find'],
      'required',
    ])
  })
})

test.each([
  ['minimal', 'low'],
  ['high', 'high'],
  ['max', 'xhigh'],
] as const)('a chat model that cannot think "%s" thinks "%s"', async (wanted, told) => {
  await using world = await overXai()
  await world.client.chat.completions.create({ ...ASK, reasoning_effort: wanted })
  expect(JSON.parse(world.upstream.asked()[0]?.body ?? '').reasoning_effort).toBe(told)
})

describe('a hosted tool that xAI has not', () => {
  const SEARCH = { type: 'web_search' } as const
  const COMPUTER = {
    type: 'computer_use_preview',
    display_width: 1,
    display_height: 1,
    environment: 'linux',
  } as const
  const BODY = { model: 'grok-4', input: 'Look' }

  test.each([
    [[COMPUTER], 'required'],
    [[COMPUTER], { type: 'computer_use_preview' }],
    [[COMPUTER, SEARCH], { type: 'computer_use_preview' }],
  ] as const)('is left out, and refused where it must be called: %j, %j', async (tools, choice) => {
    await using world = await overXai()
    const { responses } = world.client
    const answer = await responses.create({ ...BODY, tools: [...tools] })
    expect(answer.output_text).toBe('Hello there')
    const forced = responses.create({ ...BODY, tools: [...tools], tool_choice: choice })
    expect((await failureOf(forced, BadRequestError)).param).toBe('tool_choice')
    expect(world.upstream.asked()).toHaveLength(1)
  })

  test('the server that must be asked is the one that is', async () => {
    await using world = await overXai()
    const servers = ['harbour', 'tower'].map((server_label) => ({
      ...{ type: 'mcp' as const, server_label, server_url: `https://${server_label}.example` },
    }))
    const choice = { type: 'mcp' as const, server_label: 'tower' }
    await world.client.responses.create({ ...BODY, tools: servers, tool_choice: choice })
    const [sent] = world.upstream.asked().map(responsesAsked)
    expect([sent?.tools, sent?.tool_choice]).toEqual([[servers[1]], 'required'] as never)
  })
})
