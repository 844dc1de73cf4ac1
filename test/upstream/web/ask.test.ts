import { expect, test } from 'bun:test'
import { fakeGrokWeb } from '../../fakes/grok-web'
import { chatAsk, responsesAsk, webSession } from '../../support/web-session'

for (const [form, generation] of [
  ['g1', 'G1'],
  ['g2', 'G2'],
  ['g3', 'G3'],
] as const)
  test(`asks in the form ${form} as the web app does`, async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: form })
    const { text, events } = await web.tell(chatAsk({}))
    expect(text).toContain('Hello')
    expect(events.at(-1)).toMatchObject({ type: 'usage', usage: { source: 'estimated' } })
    expect(grok.complaints()).toEqual([])
    expect(grok.chats().map((call) => call.generation)).toEqual([generation])
  })
