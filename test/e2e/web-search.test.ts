import { describe, expect } from 'bun:test'
import {
  browses,
  cites,
  plain,
  runsCode,
  searches,
  searchesX,
  searchResults,
  toolCard,
} from '../fakes/grok-web'
import { CHATS, inFrontOf, RESPONSES } from '../support/every-way'

const A = 'https://example.org/a'
const B = 'https://example.org/b'

describe('what grok.com finds', () => {
  const usual = inFrontOf()

  usual(
    'is told in a chat among the thoughts, and at the root',
    async ({ grok, tell }) => {
      grok.script(searches({ query: 'bun release', text: 'Bun is out.' }))
      const told = await tell()
      expect(told.text).toBe('Bun is out.')
      expect(told.thoughts).toContain('bun release')
      for (const link of [`[A](${A})`, `[B](${B})`]) expect(told.thoughts).toContain(link)
      expect(told.citations).toEqual([A, B])
    },
    { ways: CHATS },
  )

  usual(
    'is an item of a response, with what was searched for and found',
    async ({ grok, tell }) => {
      grok.script(searches({ query: 'bun release', text: 'Bun is out.' }))
      const told = await tell({ responses: { include: ['web_search_call.action.sources'] } })
      expect(told.text).toBe('Bun is out.')
      expect(told.items).toMatchObject([
        {
          ...{ type: 'web_search_call', status: 'completed' },
          action: {
            ...{ type: 'search', query: 'bun release' },
            sources: [A, B].map((url) => ({ type: 'url', url })),
          },
        },
      ])
    },
    { ways: RESPONSES },
  )

  usual('is cited where it stands in the text', async ({ grok, tell, isChat }) => {
    grok.script(cites('Bun is fast', ', they say.'))
    const told = await tell()
    expect(told.text).toBe('Bun is fast, they say.')
    expect(told.sources).toEqual([
      [A, 'Bun is fast'],
      [B, 'Bun is fast'],
    ])
    if (isChat) expect(told.citations).toEqual([A, B])
  })

  usual('is cited with the title that the search has told', async ({ grok, tell, way, sdk }) => {
    grok.script(searches({ text: 'Bun is out.', isCited: true }))
    const told = await tell()
    expect(told.sources).toEqual([[A, 'Bun is out.']])
    if (way !== 'a chat') return
    const answer = await sdk.chat.completions.create({
      model: 'grok-4',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(answer.choices[0]?.message.annotations?.[0]?.url_citation.title).toBe('A')
  })

  usual('came with a token once, and counts as well', async ({ grok, tell, isChat }) => {
    grok.script(searches({ isOld: true, text: 'Bun is out.' }))
    const { text, thoughts, items } = await tell()
    expect(text).toBe('Bun is out.')
    if (isChat) expect(thoughts).toContain(`[A](${A})`)
    else expect(items.map(({ type }) => type)).toEqual(['web_search_call'])
  })

  usual('on X counts too', async ({ grok, tell, isChat }) => {
    grok.script(searchesX('People talk.', 'bun'))
    const { text, thoughts, items } = await tell()
    expect(text).toBe('People talk.')
    if (isChat) expect(thoughts).toMatch(/bob|x\.com/)
    else expect(items).toMatchObject([{ type: 'web_search_call', action: { query: 'bun' } }])
  })

  usual('on a page that it opens counts too', async ({ grok, tell, isChat }) => {
    grok.script(browses('It says A.', A))
    const { text, thoughts, items } = await tell()
    expect(text).toBe('It says A.')
    if (isChat) expect(thoughts).toContain(A)
    else expect(items).toMatchObject([{ action: { type: 'open_page', url: A } }])
  })

  usual('by running code is shown with the code', async ({ grok, tell, isChat }) => {
    grok.script(runsCode('It is 4.', 'print(2 + 2)'))
    const { text, thoughts, items } = await tell()
    expect(text).toBe('It is 4.')
    if (isChat) expect(thoughts).toContain('print(2 + 2)')
    else expect(items).toMatchObject([{ type: 'code_interpreter_call', code: 'print(2 + 2)' }])
  })

  usual('is known by its tool, however that is named', async ({ grok, tell, isChat }) => {
    for (const manner of [{ snakeCase: true }, { onlyXml: true }, { byName: true }]) {
      const found = searchResults('k-1', [{ url: A, title: 'A', preview: '' }])
      grok.queue([
        {
          steps: [
            toolCard('k-1', 'webSearch', { query: 'bun' }, manner),
            found,
            ...plain('Ok').steps,
          ],
        },
      ])
      const { text, thoughts, items } = await tell()
      expect(text).toBe('Ok')
      if (isChat) expect(thoughts).toContain(`[A](${A})`)
      else expect(items.map(({ type }) => type)).toEqual(['web_search_call'])
    }
  })
})

describe('searching', () => {
  const usual = inFrontOf()

  usual('is left to grok.com', async ({ asked, tell }) => {
    await tell()
    expect(asked()).toMatchObject({ disableSearch: false })
  })

  usual(
    'is asked for by the tool of the Responses API',
    async ({ asked, grok, tell }) => {
      grok.script(plain('Ok'))
      const { text } = await tell({ responses: { tools: [{ type: 'web_search' }] } })
      expect([text, asked().disableSearch]).toEqual(['Ok', false])
    },
    { ways: RESPONSES },
  )

  usual(
    'is forbidden where no tool may be used',
    async ({ asked, tell }) => {
      await tell({ responses: { tools: [{ type: 'web_search' }], tool_choice: 'none' } })
      expect(asked()).toMatchObject({ disableSearch: true })
    },
    { ways: RESPONSES },
  )
})
