import { expect, test } from 'bun:test'
import { checkItems } from '#src/turn/responses/input-check'
import type { Item } from '#src/turn/responses/schema'

const call = (call_id: string) => ({ type: 'function_call', call_id, name: 'f', arguments: '{}' })
const output = (call_id: string, given: unknown = 'x') => ({
  type: 'function_call_output',
  call_id,
  output: given,
})
const says = (role: string, ...content: object[]) => ({ role, content })

const check = (items: readonly object[], inputFrom = 0) => checkItems(items as Item[], inputFrom)

test.each<[string, object[]]>([
  ['a conversation', [says('user', { type: 'input_text', text: '' }), call('a'), output('a')]],
  ['an answer as input', [says('assistant', { type: 'input_text', text: 'x' })]],
  ['a refusal', [says('assistant', { type: 'refusal', refusal: 'no' })]],
  ['a call that nobody answered', [call('a'), { role: 'user', content: 'x' }]],
  ['a long id', [call('a'.repeat(100)), output('a'.repeat(100))]],
  ['pictures from a tool', [call('a'), output('a', [{ type: 'input_image', image_url: 'x' }])]],
  [
    'a local shell that is answered as a function',
    [{ type: 'local_shell_call', call_id: 'a' }, output('a')],
  ],
  ['a thought of Codex', [{ type: 'reasoning', summary: [], content: null }]],
  [
    'what only upstreams read',
    [{ type: 'mcp_call', id: 'x' }, { type: 'compaction_trigger' }, { type: 'compaction' }],
  ],
])('%s passes', (_, items) => {
  expect(() => check(items)).not.toThrow()
})

test.each<[string, object[], string]>([
  ['an unknown type', [call('a'), { type: 'telepathy' }], 'input[1]'],
  ['no type at all', [{ id: 'msg_1' }], 'input[0].type'],
  ['no role', [{ type: 'message', content: 'x' }], 'input[0].role'],
  ['no content', [{ role: 'user' }], 'input[0].content'],
  ['a part without type', [says('user', {})], 'input[0].content[0].type'],
  [
    'a part of another speaker',
    [says('user', { type: 'input_text', text: 'x' }, { type: 'refusal', refusal: 'x' })],
    'input[0].content[1].type',
  ],
  [
    'a picture in an answer',
    [says('assistant', { type: 'input_image', image_url: 'x' })],
    'input[0].content[0].type',
  ],
  ['no text', [says('user', { type: 'input_text' })], 'input[0].content[0].text'],
  ['no picture', [says('user', { type: 'input_image' })], 'input[0].content[0].image_url'],
  ['no file', [says('user', { type: 'input_file' })], 'input[0].content[0].file_id'],
  ['no call_id', [{ ...call('a'), call_id: null }], 'input[0].call_id'],
  ['no name', [{ ...call('a'), name: '' }], 'input[0].name'],
  ['no arguments', [{ ...call('a'), arguments: {} }], 'input[0].arguments'],
  ['no input', [{ type: 'custom_tool_call', call_id: 'a', name: 'f' }], 'input[0].input'],
  ['no output', [call('a'), { ...output('a'), output: null }], 'input[1].output'],
  [
    'sound from a tool',
    [call('a'), output('a', [{ type: 'input_audio', data: 'x' }])],
    'input[1].output[0].type',
  ],
  ['the output of no call', [call('a'), output('b')], 'input[1].call_id'],
  ['an output before its call', [output('a'), call('a')], 'input[0].call_id'],
  ['tools that are none', [{ type: 'additional_tools', tools: null }], 'input[0].tools'],
])('%s is refused', (_, items, param) => {
  expect(() => check(items)).toThrow(
    expect.objectContaining({ code: 'invalid_value', details: { param } }),
  )
})

test('what was said before is not checked again, but its calls count', () => {
  const context = [{ type: 'of the past' }, call('a')]
  expect(() => check([...context, output('a')], 2)).not.toThrow()
  expect(() => check([...context, output('b')], 2)).toThrow(
    expect.objectContaining({ details: { param: 'input[0].call_id' } }),
  )
})
