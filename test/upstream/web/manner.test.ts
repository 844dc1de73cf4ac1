import { describe, expect, test } from 'bun:test'
import { UpstreamFault } from '#src/errors'
import { fakeGrokWeb } from '../../fakes/grok-web'
import { chatAsk, responsesAsk, webSession } from '../../support/web-session'

const FUNCTION = { type: 'function', function: { name: 'weather' } }

test('what grok.com has no field for is named', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const chat = chatAsk({
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 100,
    frequency_penalty: 1,
    presence_penalty: 1,
    seed: 7,
    logprobs: true,
    verbosity: 'low',
    logit_bias: { '50256': -100 },
    max_completion_tokens: 100,
    made_up: 1,
    user: 'me',
    service_tier: 'flex',
  })
  expect((await web.tell(chat)).dropped.toSorted()).toEqual([
    'frequency_penalty',
    'logit_bias',
    'logprobs',
    'made_up',
    'max_completion_tokens',
    'max_tokens',
    'presence_penalty',
    'seed',
    'service_tier',
    'temperature',
    'top_p',
    'verbosity',
  ])
  const turn = responsesAsk({
    max_output_tokens: 100,
    reasoning: { effort: 'high' },
    include: ['message.output_text.logprobs', 'web_search_call.action.sources'],
    text: { verbosity: 'low' },
  })
  expect((await web.tell(turn)).dropped).toEqual([
    'max_output_tokens',
    'include.message.output_text.logprobs',
    'text.verbosity',
    'reasoning.effort',
  ])
  expect((await web.tell(chatAsk({ temperature: null }))).dropped).toEqual([])
})

test('only one answer is given at a time', async () => {
  await using grok = fakeGrokWeb()
  const problem = await webSession(grok).refusal(chatAsk({ n: 2 }))
  expect([problem.kind, problem.details.param]).toEqual(['unable', 'n'])
  expect(grok.calls).toEqual([])
})

test('a model that nobody knows is refused as such', async () => {
  await using grok = fakeGrokWeb()
  const problem = await webSession(grok).refusal(chatAsk({ model: 'grok-9' }))
  expect(problem.details).toMatchObject({ status: 404, code: 'model_not_found' })
})

describe('the models and their modes', () => {
  for (const [model, name, mode, modeId] of [
    ['grok-3', 'grok-3', 'AUTO', 'auto'],
    ['grok-4-fast', 'grok-4', 'FAST', 'fast'],
    ['grok-4-expert', 'grok-4', 'EXPERT', 'expert'],
    ['grok-4-mini', 'grok-4-mini-thinking-tahoe', 'GROK_4_MINI_THINKING', 'fast'],
    ['grok-4.1-thinking', 'grok-4-1-thinking-1129', 'GROK_4_1_THINKING', 'expert'],
    ['grok-4-heavy', 'grok-4-heavy', 'HEAVY', 'heavy'],
  ] as const)
    test(model, async () => {
      await using grok = fakeGrokWeb({ accounts: [{ name: 'one', tier: 'heavy' }] })
      const web = webSession(grok, { web_temporary: false })
      await web.tell(chatAsk({ model }))
      expect(web.asked()).toMatchObject({
        modelName: name,
        modelMode: `MODEL_MODE_${mode}`,
        temporary: false,
        responseMetadata: { requestModelDetails: { modelId: name } },
      })
      web.set({ web_request: 'g3', web_temporary: true })
      await web.tell(chatAsk({ model }))
      expect(web.asked()).toMatchObject({ modeId, temporary: true })
      expect(grok.complaints()).toEqual([])
    })
})

describe('how long to think', () => {
  const cases = [
    ['grok-4', 'none', 'FAST', []],
    ['grok-4', 'minimal', 'FAST', []],
    ['grok-4', 'low', 'FAST', []],
    ['grok-4', 'medium', 'AUTO', []],
    ['grok-4', 'high', 'AUTO', ['reasoning_effort']],
    ['grok-4-fast', 'low', 'FAST', []],
    ['grok-4-fast', 'high', 'FAST', ['reasoning_effort']],
    ['grok-4-expert', 'high', 'EXPERT', []],
    ['grok-4-expert', 'none', 'EXPERT', ['reasoning_effort']],
  ] as const
  for (const [model, effort, mode, dropped] of cases)
    test(`${effort} of ${model} is ${mode}`, async () => {
      await using grok = fakeGrokWeb()
      const web = webSession(grok)
      const told = await web.tell(chatAsk({ model, reasoning_effort: effort }))
      expect(told.dropped).toEqual([...dropped])
      expect(web.asked().modelMode).toBe(`MODEL_MODE_${mode}`)
    })

  test('a mode with a quota of its own is not changed for it', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: 'g3' })
    const told = await web.tell(chatAsk({ reasoning_effort: 'low' }))
    expect([web.asked().modeId, told.dropped]).toEqual(['auto', ['reasoning_effort']])
  })
})

describe("tools of grok.com's own", () => {
  const search = { type: 'web_search' }
  const draw = { type: 'image_generation' }
  const cases: readonly [string, object, object, readonly string[]][] = [
    ['nobody asked for any', {}, { disableSearch: false, enableImageGeneration: true }, []],
    ['a search is wanted', { tools: [search] }, { disableSearch: false }, []],
    [
      'a search must be',
      { tools: [search], tool_choice: { type: 'web_search' } },
      { disableSearch: false },
      [],
    ],
    [
      'none may be used',
      { tools: [search, draw], tool_choice: 'none' },
      { disableSearch: true, enableImageGeneration: false },
      [],
    ],
    [
      'only one of them may be used',
      {
        tools: [search, draw],
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [draw] },
      },
      { disableSearch: true, enableImageGeneration: true },
      [],
    ],
    [
      'grok.com has not all of them, and cannot be told how',
      {
        tools: [
          { ...search, filters: { allowed_domains: ['x.ai'] } },
          { type: 'x_search' },
          { type: 'mcp' },
        ],
      },
      { disableSearch: false },
      ['web_search.filters', 'mcp'],
    ],
  ]
  for (const [name, request, body, dropped] of cases)
    test(name, async () => {
      await using grok = fakeGrokWeb()
      const web = webSession(grok)
      const told = await web.tell(responsesAsk(request))
      expect(web.asked()).toMatchObject(body)
      expect(told.dropped).toEqual([...dropped])
    })

  test('what a chat says of its search beside its tools counts too', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const told = await web.tell(chatAsk({ web_search_options: { search_context_size: 'low' } }))
    expect(told.dropped).toEqual(['web_search.search_context_size'])
  })

  for (const [name, request] of [
    ['by its name', { tools: [{ type: 'mcp' }, search], tool_choice: { type: 'mcp' } }],
    ['since there is no other', { tools: [{ type: 'mcp' }], tool_choice: 'required' }],
  ] as const)
    test(`a tool that it has not cannot be forced, ${name}`, async () => {
      await using grok = fakeGrokWeb()
      const problem = await webSession(grok).refusal(responsesAsk(request))
      expect(problem).toBeInstanceOf(UpstreamFault)
      expect([problem.kind, problem.details.param]).toEqual(['unable', 'tool_choice'])
    })
})

describe("a program's tools that nobody has put in words", () => {
  test('are named', async () => {
    await using grok = fakeGrokWeb()
    const told = await webSession(grok).tell(chatAsk({ tools: [FUNCTION] }))
    expect(told.dropped).toEqual(['tools'])
  })

  test('cannot be forced', async () => {
    await using grok = fakeGrokWeb()
    const ask = chatAsk({ tools: [FUNCTION], tool_choice: 'required' })
    expect((await webSession(grok).refusal(ask)).kind).toBe('unable')
  })
})
