import { expect, test } from 'bun:test'
import { type JsonObject, readObject } from '#src/json'
import { ChatRequest } from '#src/turn/chat/schema'
import { ResponsesRequest } from '#src/turn/responses/schema'
import { findUnsaid } from '#src/upstream/unsaid'

const NONE: ReadonlySet<string> = new Set()

/** A request that gives every field of a schema something that nobody means by leaving it out. */
const full = ({ properties }: { readonly properties: object }) =>
  Object.fromEntries(Object.keys(properties).map((field) => [field, PARTS[field] ?? 'something']))

const PARTS: Readonly<Record<string, object>> = {
  include: ['message.output_text.logprobs'],
  reasoning: { effort: 'x' },
  text: { format: 'x', verbosity: 'x' },
  web_search_options: { search_context_size: 'x', user_location: 'x' },
}

const turn = () => {
  throw new TypeError('Nobody needs it.')
}

test('every field that Groxy documents is understood, but for what it can only pass on', () => {
  const chat = readObject(JSON.stringify(full(ChatRequest)))
  const request = chat as unknown as JsonObject<ChatRequest>
  expect(findUnsaid({ dialect: 'chat', request, turn }, NONE)).toEqual(['logit_bias', 'modalities'])
  const asked = full(ResponsesRequest) as unknown as ResponsesRequest
  const ask = { dialect: 'responses', request: asked, items: [], turn } as const
  expect(findUnsaid(ask, NONE)).toEqual(['max_tool_calls'])
  expect(findUnsaid(ask, new Set(['text.format']))).toEqual(['text.format', 'max_tool_calls'])
})
