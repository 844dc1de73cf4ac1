import { expect, test } from 'bun:test'
import { chatFeature } from '#src/http/demand'
import { WEB_MODELS } from '#src/upstream/web/models'

const CASES = [
  ['grok-4', 'chat'],
  ['grok-4-heavy', 'heavy'],
  ['heavy', 'heavy'],
  ['unheavy', 'chat'],
  ['grok-imagine-0.9', 'image'],
  ['grok-imagine-1.0', 'image'],
  ['grok-imagine-1.0-edit', 'image'],
  ['grok-imagine-1.0-video', 'video'],
  ['grok-imagine-video', 'video'],
  ['my-grok-imagine-1.0', 'chat'],
] as const

test.each(CASES)('a chat with %s counts as %s', (model, feature) => {
  expect(chatFeature(model, undefined)).toBe(feature)
  const targets = [{ model: 'grok-4' }, { model }]
  expect(chatFeature('alias', { mode: 'order', targets })).toBe(feature)
})

test('what grok.com draws or films counts as that', () => {
  for (const { id, work } of WEB_MODELS.values()) {
    const feature = chatFeature(id, undefined)
    if (work === 'text') expect(['chat', 'heavy']).toContain(feature)
    else expect(feature).toBe(work === 'video' ? 'video' : 'image')
  }
})
