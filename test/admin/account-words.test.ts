import { expect, test } from 'bun:test'
import { addWords } from '#src/admin/accounts/add-words'
import { detailWords } from '#src/admin/accounts/detail-words'
import { editWords } from '#src/admin/accounts/edit-words'
import { findingWords } from '#src/admin/accounts/finding-words'
import { stateWords } from '#src/admin/accounts/state-words'
import { accountWords } from '#src/admin/accounts/words'
import { progressWords } from '#src/admin/batches/progress-words'

test.each(
  Object.entries({
    ...{ addWords, detailWords, editWords, findingWords, stateWords, accountWords },
    progressWords,
  }),
)('%s are said in both languages, with the values that belong in them', (_, { en, zh }) => {
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  for (const [name, word] of [...Object.entries(en), ...Object.entries(zh)]) {
    const text =
      typeof word === 'function' ? (word as (...all: string[]) => string)('71', '72') : word
    expect([name, text]).toEqual([name, expect.stringMatching(/\S/)])
    if (typeof word === 'function')
      expect([name, text]).toEqual([name, expect.stringContaining('71')])
    if (typeof word === 'function' && word.length > 1)
      expect([name, text]).toEqual([name, expect.stringContaining('72')])
  }
})
