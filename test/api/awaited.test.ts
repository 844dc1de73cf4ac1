import { expect, test } from 'bun:test'
import { awaited } from '#src/api/responses/awaited'

test('who waits gets comments, and all events when it is over', async () => {
  const said = [undefined, 'event: a\n\n']
  const text = await new Response(awaited(async () => said.shift(), 0)).text()
  expect(text).toBe(': ping\n\nevent: a\n\n')
})

test('where there is nothing to wait for the stream just ends', async () => {
  expect(await new Response(awaited(async () => '', 60_000)).text()).toBe('')
})

test('who leaves ends the looking', async () => {
  let looks = 0
  const look = async () => {
    looks += 1
    return undefined
  }
  const reader = awaited(look, 60_000).getReader()
  // Nobody waits for the head of his answer.
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(': ping\n\n')
  expect(looks).toBe(1)
  const reading = reader.read()
  await Bun.sleep(1_100)
  await reader.cancel()
  expect(await reading).toEqual({ done: true, value: undefined })
  const atLeaving = looks
  expect(atLeaving).toBeGreaterThan(0)
  await Bun.sleep(1_500)
  expect(looks).toBe(atLeaving)
})
