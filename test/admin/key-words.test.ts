import { expect, test } from 'bun:test'
import { keyWords } from '#src/admin/keys/words'
import { modelWords } from '#src/admin/models/words'

const sentences = [...Object.entries({ keyWords, modelWords })].flatMap(([name, { en, zh }]) =>
  Object.keys(en).map((key) => [`${name}.${key}`, en[key as never], zh[key as never]] as const),
)

test.each(sentences)('%s says as much in Chinese as in English', (_, en: unknown, zh: unknown) => {
  expect(typeof zh).toBe(typeof en)
  if (typeof en !== 'function' || typeof zh !== 'function') {
    expect(String(zh)).not.toBe('')
    return
  }
  const values = ['71', '72', '73'].slice(0, en.length)
  for (const value of values) {
    expect(en(...values)).toContain(value)
    expect(zh(...values)).toContain(value)
  }
})
