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

describe('what is wrong is said of the innermost field', () => {
  test.each([
    ['a temperature of 3', { input: 'Hi', temperature: 3 }, 'temperature', /<= 2/],
    ['max_output_tokens of 0', { input: 'Hi', max_output_tokens: 0 }, 'max_output_tokens', />= 1/],
    ['an item that is a text', { input: ['Hi'] }, 'input.0', /must be object/],
    [
      'a part that is null',
      { input: [{ role: 'user', content: [null] }] },
      'input.0.content.0',
      /object/,
    ],
    [
      'an unknown role',
      { input: [{ role: 'robot', content: 'Hi' }] },
      'input.0.role',
      /user, assistant/,
    ],
    ['a conversation without id', { input: 'Hi', conversation: {} }, 'conversation.id', /missing/],
    [
      'a truncation of its own',
      { input: 'Hi', truncation: 'some' },
      'truncation',
      /auto or disabled/,
    ],
  ])('%s', async (_, fields, param, says) => {
    const reply = await it.post('/v1/responses', { model: 'demo', ...fields })
    const { error } = (await reply.json()) as { error: { message: string; param: string } }
    expect([reply.status, error.param]).toEqual([400, param])
    expect(error.message).toMatch(says)
  })
})

describe('what the schema allows and cannot be is refused', () => {
  test.each([
    ['a stored prompt', { input: 'Hi', prompt: { id: 'pmpt_1' } }, 'prompt', /no stored prompts/],
    ['nothing to answer', {}, 'input', /nothing to answer/],
    ['an empty list to answer', { input: [] }, 'input', /nothing to answer/],
    [
      'a background turn that is not stored',
      { input: 'Hi', background: true, store: false },
      'background',
      /needs 'store'/,
    ],
    [
      'stream_options without a stream',
      { input: 'Hi', stream_options: { include_obfuscation: false } },
      'stream_options',
      /only allowed when 'stream'/,
    ],
  ])('%s', async (_, fields, param, says) => {
    const reply = await it.post('/v1/responses', { model: 'demo', ...fields })
    const { error } = (await reply.json()) as { error: { message: string; param: string } }
    expect([reply.status, error.param]).toEqual([400, param])
    expect(error.message).toMatch(says)
  })
})

test('a compaction that nobody made is refused, and no word of a secret is logged', async () => {
  const { status, param } = await failureOf([
    { type: 'compaction', encrypted_content: 'groxy-compaction.AAAA' },
  ])
  expect([status, param]).toEqual([400, 'input'])
  expect(it.lines.join('\n')).not.toContain('GROXY_SECRET')
})
