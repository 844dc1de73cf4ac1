import { expect, test } from 'bun:test'
import { sleep, within } from '#src/sleep'

const MS = 80

/** A processor that has no time for anything else. */
function keepBusy(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('what is silent is waited for so long', async () => {
  const from = performance.now()
  const silence = new Promise<never>(() => {})
  expect(within(MS, silence)).rejects.toThrow('There was no answer within 80 ms.')
  await within(MS, silence).catch(() => {})
  expect(performance.now() - from).toBeWithin(MS - 10, MS * 10)
})

test('what fails, or answers, does so at once', async () => {
  expect(await within(MS, Promise.resolve('here'))).toBe('here')
  expect(within(MS, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test('an answer that came while the processor was busy is one', async () => {
  const answer = sleep(MS + 20).then(() => 'here')
  const waited = within(MS, answer)
  waited.catch(() => {})
  keepBusy(MS * 2)
  expect(await waited).toBe('here')
})
