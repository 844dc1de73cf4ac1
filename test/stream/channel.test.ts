import { expect, test } from 'bun:test'
import { createChannel } from '#src/stream/channel'

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  await Bun.sleep(1)
  return settled
}

test('what is pushed comes out in order, and its maker waits until it was taken', async () => {
  const channel = createChannel<number>()
  const [first, second] = [channel.push(1), channel.push(2)]
  expect(await isSettled(first)).toBe(false)
  expect(await channel.next()).toBe(1)
  await first
  expect(await isSettled(second)).toBe(false)
  expect(await channel.next()).toBe(2)
  await second
})

test('whoever waits gets the next one at once', async () => {
  const channel = createChannel<number>()
  const next = channel.next()
  await channel.push(1)
  expect(await next).toBe(1)
})

test('the end and what went wrong come after all that was pushed', async () => {
  const [whole, broken] = [createChannel<number>(), createChannel<number>()]
  const pushed = [whole.push(1), broken.push(1)]
  whole.end()
  broken.fail(new Error('It broke.'))
  whole.fail(new Error('Too late.'))
  expect([await whole.next(), await whole.next(), await whole.next()]).toEqual([
    1,
    undefined,
    undefined,
  ])
  expect(await broken.next()).toBe(1)
  expect(broken.next()).rejects.toThrow('It broke.')
  await Promise.all(pushed)
  await whole.push(2)
})

test('whoever waits is told of the end, and of what went wrong', async () => {
  const [whole, broken] = [createChannel<number>(), createChannel<number>()]
  const [next, failed] = [whole.next(), broken.next()]
  whole.end()
  broken.fail(new Error('It broke.'))
  expect(await next).toBeUndefined()
  expect(failed).rejects.toThrow('It broke.')
})

test('nobody waits for one who has left', async () => {
  const channel = createChannel<number>()
  const pushed = [channel.push(1), channel.push(2)]
  channel.close()
  await Promise.all([...pushed, channel.push(3)])
})
