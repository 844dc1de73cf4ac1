import { expect, test } from 'bun:test'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'

test('the tokenizer is made once, however many turns ask for it at the same time', async () => {
  const state = { client: undefined, secret: 'x' } as never
  const { tokenizer } = createPlatform(readConfig({}), state, {} as never)
  const made = await Promise.all(Array.from({ length: 20 }, tokenizer))
  expect(new Set(made).size).toBe(1)
})
