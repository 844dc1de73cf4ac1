import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { failureText } from '#src/admin/failure-words'
import { LANGUAGES, type Language } from '#src/admin/words'
import { ApiError } from '#src/errors'
import { databaseAway } from '#src/http/failures'

type Words = Readonly<Record<string, unknown>>

const root = `${import.meta.dir}/../../src/admin`

/** Every object of words: what pages say in each language. */
const spoken = await Array.fromAsync(new Glob('**/*words.ts').scan(root), async (file) =>
  Object.entries((await import(`${root}/${file}`)) as Words).flatMap(([name, value]) =>
    isSpoken(value) ? [[`${file} ${name}`, value] as const] : [],
  ),
)
const all = spoken.flat().sort()

function isSpoken(value: unknown): value is Readonly<Record<Language, Words>> {
  return typeof value === 'object' && value !== null && LANGUAGES.every((one) => one in value)
}

/** Words within words by the names of both. */
const flat = (words: Words): Words =>
  Object.fromEntries(
    Object.entries(words).flatMap(([key, word]) =>
      typeof word === 'object' && word !== null
        ? Object.entries(word).map(([inner, text]) => [`${key}.${inner}`, text] as const)
        : [[key, word] as const],
    ),
  )

/** All made with the same two values, whom it is about and how many: each tells what it needs of them. */
const ALIKE = 'overview/attention-words.ts attentionTitles'

/** Different from each other, and from whatever a sentence says by itself. */
const VALUES = ['71', '72', '73', '74'] as const

/** What becomes of a sentence, and which of the values it tells. */
function told(word: unknown): { readonly text: string; readonly values: readonly string[] } {
  if (typeof word === 'function') {
    const text = String(word(...VALUES.slice(0, word.length)))
    return { text, values: VALUES.filter((value) => text.includes(value)) }
  }
  return {
    text: String(word),
    values:
      String(word)
        .match(/\{\d\}/g)
        ?.sort() ?? [],
  }
}

test('there are many words', () => {
  expect(all.length).toBeGreaterThan(25)
})

describe.each(all)('%s', (name, byLanguage) => {
  const [en, zh] = [flat(byLanguage.en), flat(byLanguage.zh)]

  test('says the same in both languages', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en))
    for (const key of Object.keys(en)) {
      const [english, chinese] = [told(en[key]), told(zh[key])]
      expect([key, typeof zh[key]]).toEqual([key, typeof en[key]])
      for (const { text } of [english, chinese]) {
        expect([key, text]).toEqual([key, expect.stringMatching(/\S/)])
        expect([key, text]).toEqual([key, expect.not.stringMatching(/undefined|NaN|\[object/)])
      }
      expect([key, chinese.values]).toEqual([key, english.values])
    }
  })

  test('tells whatever values a sentence is made with', () => {
    for (const words of [en, zh])
      for (const [key, word] of Object.entries(words))
        if (typeof word === 'function' && name !== ALIKE)
          expect([key, told(word).values]).toEqual([key, VALUES.slice(0, word.length)])
  })
})

test('a database that is away is told of in one language', () => {
  const failure = databaseAway(new Error('ECONNREFUSED'))
  expect(failureText('en', failure)).toBe(failure.message)
  expect(failureText('zh', failure)).toBe('网关的数据库目前没有响应，或无法写入，请稍后再试。')
  const other = new ApiError('not_ready', 'The disk is full.')
  expect(failureText('zh', other)).toBe('目前无法完成此操作。The disk is full.')
})
