import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Gateway, gateway } from '../support/gateway'

let it: Gateway

beforeAll(async () => {
  it = await gateway()
})
afterAll(() => it[Symbol.asyncDispose]())

async function failureOf(input: unknown) {
  const reply = await it.post('/v1/responses', { model: 'demo', input })
  const { error } = (await reply.json()) as { error: { message: string; param: string | null } }
  return { status: reply.status, ...error }
}

describe('a type that every JavaScript object has is unknown like any other', () => {
  const names = ['__proto__', '__defineGetter__', 'constructor', 'hasOwnProperty', 'toString']
  test.each(names)('%s', async (type) => {
    const { status, message, param } = await failureOf([{ role: 'user', content: 'Hi' }, { type }])
    expect([status, param]).toEqual([400, 'input[1]'])
    expect(message).toBe(`'input[1]' is of the unknown type "${type}".`)
  })
})

describe('what a client wrote comes back shortened', () => {
  const long = 'x'.repeat(10_000)
  test.each([
    ['a type', { type: long }],
    ['the type of a part', { role: 'user', content: [{ type: long }] }],
    ['a call_id', { type: 'function_call_output', call_id: long, output: '' }],
    ['an id', { type: 'item_reference', id: long }],
  ])('%s', async (_, item) => {
    const { status, message } = await failureOf([item])
    expect(status).toBe(400)
    expect(message.length).toBeLessThan(200)
  })
})
