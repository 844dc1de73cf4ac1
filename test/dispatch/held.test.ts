import { expect, test } from 'bun:test'
import { held } from '#src/dispatch/held'
import { brokenOff } from '#src/dispatch/reply'
import type { Answer } from '#src/dispatch/turn'
import { UpstreamFault } from '#src/errors'

const PARTS = {
  heartbeatMs: 20,
  now: Date.now,
  farewell: (cause: unknown) =>
    new TextEncoder().encode(`data: ${JSON.stringify(brokenOff(cause).toBody())}\n\n`),
  endsBroken: false,
}
const bytes = new TextEncoder().encode('data: whole\n\n')
const WHOLE: Answer = { form: 'events', body: bytes }

const after = async <T>(ms: number, value: () => T): Promise<T> => {
  await Bun.sleep(ms)
  return value()
}

test('an answer that is there soon comes as it is', async () => {
  expect(await held(Promise.resolve(WHOLE), PARTS)).toBe(WHOLE)
})

test('a later one comes whole, after comments that keep the connection open', async () => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const { body } = await held(promise, PARTS)
  let said = ''
  for await (const piece of body as ReadableStream<Uint8Array>) {
    said += new TextDecoder().decode(piece)
    if (said === ': ping\n\n: ping\n\n') resolve(WHOLE)
  }
  expect(said).toMatch(/^(?:: ping\n\n){2,}data: whole\n\n$/)
})

test('a failure that comes soon can still be a status, a later one is an error event and a cut connection', async () => {
  const fail = () => {
    throw new UpstreamFault('broken', 'Everyone broke off.')
  }
  await expect(held(after(1, fail), PARTS)).rejects.toThrow('Everyone broke off.')
  const { body } = await held(after(60, fail), PARTS)
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  let said = ''
  const read = async () => {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      said += new TextDecoder().decode(value)
  }
  await read().catch(() => {
    said += '(cut)'
  })
  expect(said).toMatch(/^(?:: ping\n\n)+data: \{"error":.*Everyone broke off\..*\n\n\(cut\)$/)
})
