import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Compile } from 'typebox/schema'
import { valueFor } from '#src/upstream/demo/schema-value'
import { type Gateway, gateway, readEvents, textOf } from '../support/gateway'

const say = (content: string) => [{ role: 'user', content }]
const call = async (it: Gateway, body: object) =>
  (await it.post('/v1/chat/completions', { model: 'demo', ...body })).json()
const TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } },
      required: ['city'],
    },
  },
}

describe('the demo model', () => {
  test('answers from the question, the same to the same, in its language, with real token counts', async () => {
    await using it = await gateway()
    const one = await call(it, { messages: say('How do volcanoes and glaciers meet?') })
    const two = await call(it, { messages: say('How do volcanoes and glaciers meet?') })
    expect(one.choices[0].message.content).toContain('volcanoes')
    expect(two.choices[0].message.content).toBe(one.choices[0].message.content)
    expect(one.usage.total_tokens).toBe(one.usage.prompt_tokens + one.usage.completion_tokens)
    const chinese = await call(it, { messages: say('请解释一下潮汐的成因') })
    expect(chinese.choices[0].message.content).toMatch(/\p{Script=Han}{5}/u)
    const hello = await call(it, { messages: say('Hello') })
    expect(hello.choices[0].message.content).toContain('demo model')
  })

  test('streams the same answer at a human pace', async () => {
    await using it = await gateway()
    const messages = say('What makes bread rise?')
    const startedAt = performance.now()
    const reply = await it.post('/v1/chat/completions', {
      model: 'demo',
      messages,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 20,
    })
    const events = readEvents(await reply.text())
    expect(performance.now() - startedAt).toBeGreaterThan(400)
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } })
    const whole = await call(it, { messages, max_tokens: 20 })
    expect(textOf(events)).toBe(whole.choices[0].message.content)
    expect(whole.choices[0].finish_reason).toBe('length')
  })

  test('calls a tool that is forced or spoken of, and talks about what it returned', async () => {
    await using it = await gateway()
    const forced = { type: 'function', function: { name: 'get_weather' } }
    for (const [messages, choice] of [
      [say('Anything'), forced],
      [say('Anything'), 'required'],
      [say('How is the weather in Oslo?'), 'auto'],
    ]) {
      const { choices } = await call(it, { messages, tools: [TOOL], tool_choice: choice })
      expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
      const { name, arguments: args } = choices[0].message.tool_calls[0].function
      expect([name, Object.keys(JSON.parse(args))]).toEqual(['get_weather', ['city', 'days']])
    }
    const none = await call(it, { messages: say('weather'), tools: [TOOL], tool_choice: 'none' })
    expect(none.choices[0].message.tool_calls).toBeUndefined()
    const after = await call(it, {
      messages: [
        ...say('How is the weather in Oslo?'),
        {
          role: 'assistant',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: '17 degrees' },
      ],
      tools: [TOOL],
    })
    expect(after.choices[0].message.content).toContain('17 degrees')
  })

  test('answers in JSON, and in JSON that fits a schema', async () => {
    await using it = await gateway()
    const free = await call(it, {
      messages: say('List rivers'),
      response_format: { type: 'json_object' },
    })
    expect(JSON.parse(free.choices[0].message.content)).toBeObject()
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, n: { type: 'integer' } },
      required: ['name', 'n'],
    }
    const strict = await call(it, {
      messages: say('Give me 3 rivers'),
      response_format: { type: 'json_schema', json_schema: { name: 'r', schema } },
    })
    expect(JSON.parse(strict.choices[0].message.content)).toMatchObject({ n: 3 })
  })

  test('thinks, and hides it when it is not wanted; stops where told; gives n choices', async () => {
    await using it = await gateway()
    const body = { model: 'demo-thinking', messages: say('Why is the sea salty?') }
    const thinking = await call(it, body)
    expect(thinking.choices[0].message.reasoning_content.length).toBeGreaterThan(10)
    expect(thinking.usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(3)
    const hidden = await call(it, { ...body, reasoning_effort: 'none' })
    expect(hidden.choices[0].message.reasoning_content).toBeUndefined()
    const stopped = await call(it, { messages: say('Why is the sea salty?'), stop: '1.', n: 2 })
    expect(stopped.choices).toHaveLength(2)
    for (const { message } of stopped.choices) expect(message.content).not.toContain('1.')
  })

  test('fails and breaks off when asked to, and is there again at once', async () => {
    await using it = await gateway()
    const failed = await it.post('/v1/chat/completions', { model: 'demo-fail', messages: say('x') })
    expect([failed.status, (await failed.json()).error.code]).toEqual([400, 'demo_failure'])
    const cut = await it.post('/v1/chat/completions', {
      model: 'demo-cut',
      messages: say('What is a ship?'),
      stream: true,
    })
    await expect(cut.text()).rejects.toThrow()
    expect((await call(it, { messages: say('x') })).choices).toHaveLength(1)
  })

  test('refuses a tool choice that names no tool, and a tool message without its call', async () => {
    await using it = await gateway()
    const wrong = { type: 'function', function: { name: 'nothing' } }
    const body = { model: 'demo', messages: say('x'), tools: [TOOL] }
    expect((await it.post('/v1/chat/completions', { ...body, tool_choice: wrong })).status).toBe(
      400,
    )
    expect(
      (await it.post('/v1/chat/completions', { ...body, tools: null, tool_choice: 'required' }))
        .status,
    ).toBe(400)
    const orphan = [{ role: 'tool', content: 'x' }]
    expect((await it.post('/v1/chat/completions', { ...body, messages: orphan })).status).toBe(400)
  })
})

test('nothing that is asked of the demo model keeps the gateway from others', async () => {
  await using it = await gateway()
  const startedAt = performance.now()
  const long = await call(it, { messages: say('a'.repeat(200_000)), max_tokens: 5 })
  expect(long.usage.prompt_tokens).toBeGreaterThan(10_000)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  const strange = [
    { type: 'object', properties: { a: true, b: null } },
    { anyOf: [true] },
    { allOf: [null] },
    { type: 'string', minLength: 1e10 },
    { type: 'array', minItems: 1e10, items: { type: 'array', minItems: 1e9, items: {} } },
    {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [at, { $ref: '#' }])),
    },
  ]
  for (const schema of strange) {
    const format = { type: 'json_schema', json_schema: { name: 's', schema } }
    const reply = await it.post('/v1/chat/completions', {
      model: 'demo',
      messages: say('x'),
      response_format: format,
      max_tokens: 5,
    })
    expect(reply.status).toBe(200)
  }
}, 20_000)

describe('a value for a schema fits it', () => {
  const leaf = fc.oneof(
    fc.record({ type: fc.constant('string'), minLength: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -9, max: 9 }) }),
    fc.record({ type: fc.constant('number'), maximum: fc.integer({ min: -9, max: 9 }) }),
    fc.record({ type: fc.constantFrom('boolean', 'null') }),
    fc.record({ enum: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: fc.integer() }),
  )
  const { schema } = fc.letrec<{ schema: object }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({
        type: fc.constant('array'),
        items: tie('schema'),
        minItems: fc.integer({ min: 0, max: 3 }),
      }),
      fc
        .dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('schema'), { maxKeys: 4 })
        .map((properties) => ({
          type: 'object',
          properties,
          required: Object.keys(properties),
        })),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ allOf: fc.tuple(tie('schema')) }),
    ),
  }))
  test('whatever the schema', () =>
    fc.assert(
      fc.property(schema, (wanted) => {
        const value = valueFor(
          wanted as Record<string, unknown>,
          ['river', 'bank'],
          'Two 2 rivers 5',
        )
        expect(Compile(wanted as never).Check(value)).toBe(true)
      }),
    ))
  test('references and recursion end', () => {
    const tree = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { child: { $ref: '#/$defs/node' }, at: { type: 'string', format: 'date' } },
        },
      },
    }
    expect(valueFor(tree, [], '')).toMatchObject({ at: '2026-01-31', child: { at: '2026-01-31' } })
  })
})
