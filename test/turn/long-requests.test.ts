import { expect, test } from 'bun:test'
import { decodeChat } from '#src/turn/chat/decode'
import { encodeChatRequest } from '#src/turn/chat/request'
import type { ChatRequest } from '#src/turn/chat/schema'
import { decodeResponses } from '#src/turn/responses/decode'
import type { ResponsesRequest } from '#src/turn/responses/schema'

const MANY = 20_000
const OPTIONS = { stream: false }

/** Requests that took the square of their length, or more. */
const REQUESTS: readonly (readonly [name: string, write: () => string])[] = [
  [
    'tools whose names are cut to the same',
    () => {
      const functions = Array.from({ length: MANY }, (_, at) => ({
        type: 'function',
        name: `f${at}`,
      }))
      const tools = [{ type: 'namespace', name: 'n'.repeat(64), tools: functions }]
      const request = { model: 'm', input: 'Hi', tools } as ResponsesRequest
      return encodeChatRequest(decodeResponses(request, [], 'm'), OPTIONS).body
    },
  ],
  [
    'outputs of calls that nobody made',
    () => {
      const messages = Array.from({ length: 8 * MANY }, (_, at) => ({
        ...{ role: 'tool', tool_call_id: `call_${at}`, content: 'x' },
      }))
      return encodeChatRequest(
        decodeChat({ model: 'm', messages } as unknown as ChatRequest, 'm'),
        OPTIONS,
      ).body
    },
  ],
]

test.each(REQUESTS)('%s cost no more than their length', (_, write) => {
  const start = performance.now()
  expect(write().length).toBeGreaterThan(MANY)
  expect(performance.now() - start).toBeLessThan(5_000)
})

test('tools that are cut to the same name keep names of their own', () => {
  const tools = [1, 2, 3].map((at) => ({ type: 'function', name: `f${at}` }))
  const all = [{ type: 'namespace', name: 'n'.repeat(64), tools }]
  const request = { model: 'm', input: 'Hi', tools: all } as ResponsesRequest
  const { names } = encodeChatRequest(decodeResponses(request, [], 'm'), OPTIONS)
  expect([...names.values()].map(({ name }) => name)).toEqual(['f1', 'f2', 'f3'])
  for (const name of names.keys()) expect(name).toMatch(/^\w{64}$/)
})
