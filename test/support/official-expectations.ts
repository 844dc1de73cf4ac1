import { expect } from 'bun:test'
import type { Response as OpenAiResponse } from 'openai/resources/responses/responses'
import { officialEventFaults, officialResponseFaults } from './official-responses'
import { orderFaults, readResponseStream, type StreamEvent } from './response-order'

/** Every key that a Response has to have, whatever was asked (openai-api.md, 1.2). */
const KEYS = [
  ...['id', 'object', 'created_at', 'completed_at', 'status', 'incomplete_details', 'model'],
  ...['previous_response_id', 'instructions', 'output', 'error', 'tools', 'tool_choice'],
  ...['truncation', 'parallel_tool_calls', 'text', 'top_p', 'presence_penalty'],
  ...['frequency_penalty', 'top_logprobs', 'temperature', 'reasoning', 'usage'],
  ...['max_output_tokens', 'max_tool_calls', 'store', 'background', 'service_tier', 'metadata'],
  ...['safety_identifier', 'prompt_cache_key'],
]

/** A Response is as OpenAI's schema says, and whole. */
export function expectOfficial(response: object): void {
  // The SDK's own fields are no part of the answer.
  const { output_text: _, ...bare } = response as OpenAiResponse
  expect(officialResponseFaults(JSON.parse(JSON.stringify(bare)))).toEqual([])
  expect(KEYS.filter((key) => !(key in bare))).toEqual([])
}

/** A stream has only events that OpenAI has, each as its schema says, in the right order, to the end. */
export function expectOfficialStream(text: string): readonly StreamEvent[] {
  const { events, done } = readResponseStream(text)
  expect(events.flatMap(officialEventFaults)).toEqual([])
  expect(orderFaults(events)).toEqual([])
  expect(done).toBe(true)
  return events
}
