import { expect, test } from 'bun:test'
import { awaitReturn } from '#src/cli/return'
import { createLog } from '#src/log'
import { DatabaseAway } from '#src/store/fault'

const log = createLog({ level: 'error', readable: false, now: Date.now, write() {} })

/** Waits for a database that is back, and goes again when a newcomer is greeted the first time. */
async function greeted(fault: Error): Promise<number> {
  let greetings = 0
  const parts = {
    away: { back: async () => [] },
    app: { recall: async () => {}, refresh: async () => {} },
    log,
    async onReturn() {
      if (greetings++ === 0) throw fault
    },
  }
  await awaitReturn(
    parts as unknown as Parameters<typeof awaitReturn>[0],
    new AbortController().signal,
  )
  return greetings
}

test('who starts without the database is greeted when it stays, though it goes once more', async () => {
  expect(await greeted(new DatabaseAway('silent'))).toBe(2)
})

test('what is no fault of the database ends the wait', async () => {
  await expect(greeted(new TypeError('a mistake of ours'))).rejects.toThrow('a mistake of ours')
})
