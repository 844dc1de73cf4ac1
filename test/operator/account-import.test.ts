import { describe, expect, test } from 'bun:test'
import { readConfig } from '#src/config'
import { SetupError } from '#src/errors'
import { takeIn, textOf } from '#src/operator/account-import'
import { readPasted } from '#src/operator/pasted'
import type { AccountImport } from '#src/store/account-import'

const config = readConfig({})
const { places } = readPasted('sso=token-a\nsso=token-b')

/** A database that fails when so many accounts are in. */
const failingAfter = (done: number, cause: unknown): AccountImport => ({
  async add(_, { onProgress } = {}) {
    if (done > 0) onProgress?.(done)
    throw cause
  },
})
const taken = (done: number, cause: unknown = new Error('disk full'), dryRun = false) =>
  takeIn({ accountImport: failingAfter(done, cause), config }, places, { dryRun })

describe('where the database fails in the middle of an import', () => {
  test('it is said how many are in, and that the file can be given again', async () => {
    const problem = await taken(500).catch((cause) => cause)
    expect(problem).toBeInstanceOf(SetupError)
    expect(problem.message).toBe('The database failed after 500 accounts: disk full')
    expect(problem.remedy).toContain('Import the file again')
  })

  test('before anything is in, or where nothing is to be, it fails as it does', async () => {
    for (const [done, dryRun] of [
      [0, false],
      [1, true],
    ] as const)
      await expect(taken(done, new Error('disk full'), dryRun)).rejects.toThrow(/^disk full$/)
    const own = new SetupError('Somebody else adds the same accounts.', 'Again.')
    await expect(taken(1, own)).rejects.toBe(own)
  })
})

test('what could not be taken over of an account is told with its line', async () => {
  const found = readPasted('sso=token-c; a b=1')
  const accountImport: AccountImport = {
    add: async (given) => given.map(() => ({ outcome: 'added', name: 'n', id: 'i' })),
  }
  expect(await takeIn({ accountImport, config }, found.places)).toMatchObject({
    ...{ added: 1, unusable: 0, ids: ['i'] },
    problems: [{ line: 'line 1', reason: expect.stringMatching(/^Added without /) }],
  })
})

test('text is read in both of the encodings that spreadsheets write', () => {
  expect(textOf(new TextEncoder().encode('é'))).toBe('é')
  expect(textOf(new Uint8Array([0xff, 0xfe, 0xe9, 0]))).toBe('é')
})
