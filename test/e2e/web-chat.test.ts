import { describe, expect, test } from 'bun:test'
import { agents, cutTags, empty, manyBytes, plain, thinks, writesArtifact } from '../fakes/grok-web'
import { CHATS, inFrontOf, RESPONSES } from '../support/every-way'
import { webGateway } from '../support/web-gateway'
import { tell } from '../support/web-ways'

describe('a session of grok.com gives', () => {
  const usual = inFrontOf()

  usual('the words of the model, under the name asked for, with what they took', async (it) => {
    const { ledger, tell, isChat } = it
    const told = await tell({ text: 'Hello out there', model: 'grok-4.1' })
    expect(told).toMatchObject({ text: 'You said: Hello out there', model: 'grok-4.1' })
    expect(told.finish).toBe(isChat ? 'stop' : 'completed')
    expect(told.usage.input).toBeGreaterThan(0)
    expect(told.usage.output).toBeGreaterThan(0)
    const [row] = await ledger()
    expect(row).toMatchObject({
      ...{ usageSource: 'estimated', outcome: 'done', model: 'grok-4.1', kind: 'web' },
      ...{ inputTokens: told.usage.input, outputTokens: told.usage.output, status: 200 },
    })
  })

  usual('its thoughts, section by section, which are counted', async ({ grok, tell }) => {
    grok.script(thinks('Hi there'))
    const told = await tell()
    expect(told.text).toBe('Hi there')
    const thoughts = ['**Reading the question**', 'The user greets.', '**Choosing an answer**']
    for (const thought of thoughts) expect(told.thoughts).toContain(thought)
    expect(told.usage.thought).toBeGreaterThan(0)
    expect(told.usage.output).toBeGreaterThan(told.usage.thought)
  })

  usual('the thoughts of several agents, each under its name', async ({ grok, tell }) => {
    grok.script(agents('Done', 2))
    const { text, thoughts } = await tell({ model: 'grok-4-heavy' })
    expect(text).toBe('Done')
    for (const name of ['Agent 1', 'Agent 2']) {
      expect(thoughts).toContain(`Plan of ${name}`)
      expect(thoughts).toContain(`${name} thinks.`)
    }
  })

  usual('no thoughts where the effort is none', async ({ grok, tell }) => {
    grok.script(thinks('Hi there'))
    const told = await tell({ effort: 'none' })
    expect([told.text, told.thoughts]).toEqual(['Hi there', ''])
  })

  usual(
    'no thoughts where the setting hides them',
    async ({ grok, tell }) => {
      grok.script(thinks('Hi there'))
      const told = await tell()
      expect([told.text, told.thoughts]).toEqual(['Hi there', ''])
    },
    { settings: { show_thinking: false } },
  )

  usual(
    'thoughts within the content where clients know no other place',
    async ({ grok, tell }) => {
      grok.script(thinks('Hi there', [['Plan', 'Greet.']]))
      const told = await tell()
      expect(told.thoughts).toBe('')
      expect(told.text).toMatch(/^<think>\n?\*\*Plan\*\*\s+Greet\.\s*<\/think>\s*Hi there$/)
    },
    { settings: { think_tags: true }, ways: CHATS },
  )

  usual('no tags, wherever these are cut, and every other sign', async ({ grok, tell }) => {
    for (const size of [1, 2, 3, 7, 1000]) {
      grok.queue([cutTags(size)])
      const { text } = await tell()
      expect(text).toBe('if (a < b) {const a = 1 return 1 } and x <y, end.')
    }
    grok.queue([writesArtifact('let a = "<b>"', 2), manyBytes()])
    expect((await tell()).text).toBe('Here: let a = "<b>" Done.')
    expect((await tell()).text).toBe('Grüße, 世界! 👩‍🚀 ok')
  })

  usual(
    'the tags that the operator wants to see',
    async ({ grok, tell }) => {
      grok.script(writesArtifact('1'))
      expect((await tell()).text).toContain('<xaiArtifact artifact_id="d-1"')
    },
    { settings: { web_filtered_tags: 'grok:render' } },
  )

  usual('the same, however its lines are framed and cut', async ({ grok, tell }) => {
    for (const framing of ['lines', 'crlf', 'data', 'events', 'joined', 'pretty'] as const)
      for (const chunks of [1, 7, 'all'] as const) {
        grok.wire({ framing, chunks })
        expect((await tell()).text).toBe('You said: Hello')
      }
  })

  usual('an answer of no words, where the model has none', async ({ grok, tell }) => {
    grok.script(empty())
    expect(await tell()).toMatchObject({ text: '', thoughts: '' })
  })
})

describe('a session of grok.com is asked', () => {
  const usual = inFrontOf()

  usual('with all that was said and by whom, instructions first', async ({ blocks, tell }) => {
    await tell({
      before: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'Two.' },
        { role: 'developer', content: 'Be kind.' },
      ],
      text: 'Three?',
    })
    expect(blocks()).toEqual([
      ...['system: Be brief.', 'developer: Be kind.', 'user: One?', 'assistant: Two.', 'Three?'],
    ])
  })

  for (const form of ['g1', 'g2', 'g3'] as const)
    usual(
      `as generation ${form} of the web app asks`,
      async ({ grok, tell }) => {
        const models = ['auto', 'grok-3-fast', 'grok-4-expert', 'grok-4.1-thinking', 'grok-4-mini']
        for (const model of models) expect((await tell({ model })).text).toBe('You said: Hello')
        const asked = grok.chats().map(({ generation }) => String(generation))
        expect(asked).toEqual(models.map(() => form.toUpperCase()))
      },
      { settings: { web_request: form } },
    )

  for (const temporary of [true, false])
    usual(
      `in a conversation that is ${temporary ? 'temporary' : 'kept'}`,
      async ({ asked, tell }) => {
        await tell()
        expect(asked()).toMatchObject({ temporary })
      },
      { settings: { web_temporary: temporary } },
    )

  usual(
    'with what the owner supplies, as it is, and nothing made up',
    async ({ grok, tell }) => {
      await tell()
      const { headers, cookies } = grok.chats()[0] ?? {}
      expect(headers?.get('x-statsig-id')).toBe('mine')
      expect(headers?.get('user-agent')).toBe('My browser')
      expect(headers?.get('sec-ch-ua')).toBe('"Mine"')
      expect(cookies).toMatchObject({ cf_clearance: 'cleared', more: '1' })
    },
    {
      settings: {
        ...{ web_x_statsig_id: 'mine', web_user_agent: 'My browser', web_cookies: 'more=1' },
        ...{ web_headers: 'sec-ch-ua: "Mine"', web_cf_clearance: 'cleared' },
      },
    },
  )

  usual(
    'in words what tools have given, by the role tool',
    async ({ asked, tell }) => {
      const called = { name: 'look', arguments: '{"at":1}' }
      const messages = [
        { role: 'user', content: 'Look!' },
        {
          ...{ role: 'assistant', content: null },
          tool_calls: [{ id: 'c1', type: 'function', function: called }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'A cat.' },
      ]
      await tell({ chat: { messages } })
      for (const said of ['user: Look!', 'look', '{"at":1}', 'A cat.'])
        expect(asked().message).toContain(said)
    },
    { ways: CHATS },
  )

  usual(
    'for more than is wanted, and is cut off at a stop sequence',
    async ({ grok, tell }) => {
      grok.script(plain('One two STOP three four'))
      const told = await tell({ chat: { stop: ['STOP'] } })
      expect([told.text, told.finish]).toEqual(['One two ', 'stop'])
    },
    { ways: CHATS },
  )

  usual(
    'everything anew where a response follows another',
    async ({ blocks, tell }) => {
      const first = await tell({ text: 'One?' })
      const responses = { previous_response_id: first.id, instructions: 'Be brief.' }
      const second = await tell({ text: 'Two?', responses })
      expect(second.text).toBe('You said: Two?')
      expect(blocks()).toEqual([
        ...['system: Be brief.', 'user: One?', 'assistant: You said: One?', 'Two?'],
      ])
    },
    { ways: RESPONSES },
  )
})

describe('the models of sessions of grok.com', () => {
  const idsOf = async (tier: 'basic' | 'super' | 'heavy') => {
    await using it = await webGateway({ accounts: [{ name: 'one', tier }] })
    const ids: string[] = []
    for await (const { id, owned_by } of it.sdk.models.list()) {
      ids.push(id)
      expect(owned_by).toBe('xai')
    }
    return ids
  }

  test('are those of the tiers that are there', async () => {
    const [basic, paid, heavy] = [await idsOf('basic'), await idsOf('super'), await idsOf('heavy')]
    const usual = ['grok-3', 'grok-4', 'grok-4.1-thinking', 'grok-imagine-1.0-video', 'auto']
    expect(basic).toEqual(expect.arrayContaining(usual))
    for (const id of ['heavy', 'grok-4-heavy']) {
      expect(basic).not.toContain(id)
      expect(paid).toContain(id)
      expect(heavy).toContain(id)
    }
  })

  test('that no tier has are no models, and grok.com is not asked', async () => {
    await using it = await webGateway()
    const refused = tell(it.sdk, 'a chat', { model: 'grok-4-heavy' })
    expect(await refused.catch((cause) => cause)).toMatchObject({
      ...{ status: 404, code: 'model_not_found' },
    })
    expect(it.grok.chats()).toEqual([])
  })
})
