import { describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import type { Script } from '../fakes/grok-web'
import { CHATS, inFrontOf, RESPONSES } from '../support/every-way'
import { webGateway } from '../support/web-gateway'

const WEATHER = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
} as const

const callOf = (city: string) =>
  `<tool_call>{"name":"get_weather","arguments":{"city":"${city}","days":2}}</tool_call>`

/** A model that looks two cities up, one after the other, and then tells of both. */
const looksUpTwice: Script = ({ message }) => {
  if (!message.includes('get_weather')) return 'I know of no tool.'
  if (message.includes('Rain in Bonn')) return 'Sun in Rome, rain in Bonn.'
  return message.includes('Sun in Rome') ? callOf('Bonn') : `Let me look.\n${callOf('Rome')}`
}

const weatherOf = (given: string): string => {
  const { city } = JSON.parse(given) as { city: string }
  return city === 'Rome' ? 'Sun in Rome' : 'Rain in Bonn'
}

describe('the tools of a program', () => {
  const usual = inFrontOf()

  test.each([false, true])('are called in two rounds of a chat, streamed: %p', async (stream) => {
    await using it = await webGateway()
    it.grok.script(looksUpTwice)
    const given: string[] = []
    const shared = {
      model: 'grok-4',
      messages: [{ role: 'user' as const, content: 'Rome and Bonn?' }],
      tools: [
        {
          type: 'function' as const,
          function: {
            ...WEATHER,
            parse: (text: string) => text,
            function(text: string) {
              given.push(text)
              return weatherOf(text)
            },
          },
        },
      ],
    }
    const runner = stream
      ? it.sdk.chat.completions.runTools({ ...shared, stream: true } as never)
      : it.sdk.chat.completions.runTools(shared as never)
    expect(await runner.finalContent()).toBe('Sun in Rome, rain in Bonn.')
    expect(given.map((text) => JSON.parse(text))).toEqual([
      { city: 'Rome', days: 2 },
      { city: 'Bonn', days: 2 },
    ])
    expect(it.grok.chats()).toHaveLength(3)
  })

  test.each([false, true])(
    'are called in two rounds of responses, streamed: %p',
    async (stream) => {
      await using it = await webGateway()
      it.grok.script(looksUpTwice)
      const tools = [{ type: 'function' as const, strict: true, ...WEATHER }]
      const ask = async (body: object): Promise<OpenAI.Responses.Response> => {
        const whole = { model: 'grok-4', tools, ...body }
        return stream
          ? it.sdk.responses.stream(whole as never).finalResponse()
          : it.sdk.responses.create(whole as never)
      }
      let response = await ask({ input: 'Rome and Bonn?' })
      const given: unknown[] = []
      for (let round = 0; round < 2; round++) {
        const [call] = response.output.filter((item) => item.type === 'function_call')
        if (!call) throw new Error('No tool is called.')
        given.push(JSON.parse(call.arguments))
        const output = { type: 'function_call_output', call_id: call.call_id }
        response = await ask({
          previous_response_id: response.id,
          input: [{ ...output, output: weatherOf(call.arguments) }],
        })
      }
      expect(response.output_text).toBe('Sun in Rome, rain in Bonn.')
      expect(given).toEqual([
        { city: 'Rome', days: 2 },
        { city: 'Bonn', days: 2 },
      ])
    },
  )

  usual(
    'are called in a chat that says so',
    async ({ grok, tell }) => {
      grok.script(callOf('Rome'))
      const tools = [{ type: 'function', function: WEATHER }]
      const { finish, text } = await tell({ chat: { tools } })
      expect([finish, text]).toEqual(['tool_calls', ''])
    },
    { ways: CHATS },
  )

  usual('are not told of where they may not be used', async ({ asked, tell, isChat }) => {
    const tool = { type: 'function', ...(isChat ? { function: WEATHER } : WEATHER) }
    const { text } = await tell({ both: { tools: [tool], tool_choice: 'none' } })
    expect(text).toBe('You said: Hello')
    expect(asked().message).not.toContain('get_weather')
  })

  usual(
    'are refused with a reason where they are forced and nobody may put them in words',
    async ({ grok, tell, isChat }) => {
      const tool = { type: 'function', ...(isChat ? { function: WEATHER } : WEATHER) }
      const refused = tell({ both: { tools: [tool], tool_choice: 'required' } })
      expect(await refused.catch((cause) => cause)).toMatchObject({
        ...{ status: 400, param: 'tool_choice' },
      })
      expect(grok.chats()).toEqual([])
    },
    { settings: { tools_in_prompt_web: false } },
  )
})

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, people: { type: 'integer', minimum: 1000 } },
  required: ['city', 'people'],
  additionalProperties: false,
} as const

const named = { name: 'city', strict: true, schema: CITY }
const FORMAT = {
  chat: { response_format: { type: 'json_schema', json_schema: named } },
  responses: { text: { format: { type: 'json_schema', ...named } } },
}
const ANY_JSON = {
  chat: { response_format: { type: 'json_object' } },
  responses: { text: { format: { type: 'json_object' } } },
}
const RIGHT = '{"city":"Bonn","people":330000}'

describe('an answer of a form that the program wants', () => {
  const usual = inFrontOf()

  usual('comes without anything around it', async ({ asked, grok, tell }) => {
    grok.script(`Here it is:\n\`\`\`json\n${RIGHT}\n\`\`\`\nAnything else?`)
    const told = await tell(FORMAT)
    expect(JSON.parse(told.text)).toEqual(JSON.parse(RIGHT))
    expect(asked().message).toContain('"people"')
    expect(grok.chats()).toHaveLength(1)
  })

  usual('may be any JSON', async ({ grok, tell }) => {
    grok.script('{"a":1}')
    const told = await tell({ ...ANY_JSON, text: 'Some JSON, please' })
    expect(JSON.parse(told.text)).toEqual({ a: 1 })
  })

  usual('is asked for once more when it does not fit', async ({ asked, grok, tell, ledger }) => {
    grok.queue(['{"city":"Bonn","people":3}', RIGHT])
    const told = await tell(FORMAT)
    expect(JSON.parse(told.text)).toEqual(JSON.parse(RIGHT))
    expect(asked().message).toContain('"people":3')
    expect(grok.chats()).toHaveLength(2)
    expect((await ledger())[0]).toMatchObject({ outcome: 'done', usageSource: 'estimated' })
  })

  usual('is not asked for a third time', async ({ grok, tell }) => {
    grok.script('I would rather not.')
    expect(await tell(FORMAT).catch((cause) => cause)).toBeInstanceOf(Error)
    expect(grok.chats()).toHaveLength(2)
  })

  usual(
    'is parsed by the SDK',
    async ({ sdk, grok }) => {
      grok.script(RIGHT)
      const format = { type: 'json_schema', ...named } as const
      const response = await sdk.responses.parse({
        ...{ model: 'grok-4', input: 'Bonn?', text: { format } },
      })
      expect(response.output_parsed).toEqual(JSON.parse(RIGHT))
    },
    { ways: [RESPONSES[0]] },
  )
})
