import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { decodeChat } from '#src/turn/chat/decode'
import { encodeChatRequest } from '#src/turn/chat/request'
import type { ChatRequest } from '#src/turn/chat/schema'
import type { ToolNames } from '#src/turn/codec'
import { unwrapInput } from '#src/turn/custom-tool'
import type { TurnItem, TurnPart, TurnRequest, TurnTool } from '#src/turn/request'
import { decodeResponses } from '#src/turn/responses/decode'
import { checkItems } from '#src/turn/responses/input-check'
import { encodeResponsesRequest } from '#src/turn/responses/request'
import { turnRequest } from '../support/turn-requests'

test('what chat can carry comes back when it is read again', () => {
  fc.assert(
    fc.property(turnRequest, (turn) => {
      const { body, names } = encodeChatRequest(turn, { stream: false })
      const read = decodeChat(JSON.parse(body) as ChatRequest, turn.model)
      expect(restore(read, names)).toEqual(carried(turn))
    }),
    { numRuns: 500 },
  )
})

test('what the Responses API can carry comes back when it is read again', () => {
  fc.assert(
    fc.property(turnRequest, (whole) => {
      const turn = { ...whole, choices: 1 }
      const { body, names } = encodeResponsesRequest(turn, { stream: false, model: turn.model })
      const request = JSON.parse(body)
      checkItems(request.input, 0)
      const read = decodeResponses(request, request.input, turn.model)
      expect(restore(read, names)).toEqual(kept(turn))
    }),
    { numRuns: 500 },
  )
})

/** What the Responses API has words for: one answer, none of the older knobs. */
const kept = (turn: TurnRequest): TurnRequest => ({
  ...turn,
  items: turn.items.filter((it) => it.type !== 'thought' || it.encrypted !== null),
  tools: turn.tools.map((it) =>
    it.type === 'function' ? { ...it, strict: it.strict ?? false } : it,
  ),
  parallelToolCalls: turn.tools.length === 0 || turn.parallelToolCalls,
  stop: [],
  seed: undefined,
  frequencyPenalty: undefined,
  presencePenalty: undefined,
})

/** The client's own names instead of those on the wire. */
function restore(turn: TurnRequest, names: ToolNames): TurnRequest {
  const { toolChoice } = turn
  const custom = new Set<string>()
  const own = <T extends { name: string }>(it: T) => {
    const { custom: _, ...named } = names.get(it.name) ?? { custom: false, name: it.name }
    return { ...it, ...named }
  }
  return {
    ...turn,
    toolChoice:
      typeof toolChoice === 'object' && 'name' in toolChoice ? own(toolChoice) : toolChoice,
    tools: turn.tools.map((it) => {
      if (it.type !== 'function' || !names.get(it.name)?.custom) return own(it as never)
      const { name, namespace } = { namespace: undefined, ...names.get(it.name) }
      return simple(name ?? '', namespace, it.description)
    }),
    items: turn.items.map((it): TurnItem => {
      if (it.type === 'result') return { ...it, custom: it.custom || custom.has(it.id) }
      if (it.type !== 'call') return it
      if (it.custom || !names.get(it.name)?.custom) {
        custom.delete(it.id)
        return own(it)
      }
      custom.add(it.id)
      return { ...own(it), custom: true, arguments: unwrapInput(it.arguments) }
    }),
  }
}

const simple = (name: string, namespace: string | undefined, description: string): TurnTool => ({
  type: 'custom',
  name,
  ...(namespace !== undefined && { namespace }),
  description,
  format: undefined,
})

/** What chat has words for: text in one piece, no thoughts. */
const carried = (turn: TurnRequest): TurnRequest => ({
  ...turn,
  items: turn.items
    .filter(({ type }) => type !== 'thought')
    .map((it) =>
      it.type === 'message' || it.type === 'result' ? { ...it, parts: inOnePiece(it.parts) } : it,
    )
    .map((it) =>
      it.type === 'message' && it.role === 'developer' ? { ...it, role: 'system' } : it,
    ),
  parallelToolCalls: turn.tools.length === 0 || turn.parallelToolCalls,
})

function inOnePiece(parts: readonly TurnPart[]): readonly TurnPart[] {
  const texts = parts.flatMap((it) => ('text' in it ? it.text : []))
  return texts.length > 1 && texts.length === parts.length
    ? [{ type: 'text', text: texts.join('\n') }]
    : parts
}
