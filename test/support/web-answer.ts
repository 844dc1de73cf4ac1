import { UpstreamFault } from '#src/errors'
import { createWebDecoder, type WebTerms } from '#src/upstream/web/decoder'
import type { WebEvent } from '#src/upstream/web/voice'

// Frames of grok.com's answers, written from the protocol.

export const line = (value: unknown): string => `${JSON.stringify(value)}\n`

/** A frame of a new conversation's answer. */
export const frame = (response: object): string =>
  line({ result: { response: { ...response, responseId: 'a-1' } } })

export const token = (text: unknown, more: object = {}): string =>
  frame({ token: text, isThinking: false, isSoftStop: false, messageTag: 'final', ...more })

export const thinking = (text: string, more: object = {}): string =>
  frame({ token: text, isThinking: true, isSoftStop: false, messageTag: 'summary', ...more })

export const header = (text: string, step: number, more: object = {}): string =>
  thinking(text, { messageTag: 'header', messageStepId: step, ...more })

export const SOFT_STOP = frame({ token: '', isThinking: false, isSoftStop: true })

export const whole = (message = '', more: object = {}): string =>
  frame({
    modelResponse: {
      responseId: 'a-1',
      message,
      sender: 'assistant',
      partial: false,
      webSearchResults: [],
      generatedImageUrls: [],
      cardAttachmentsJson: [],
      model: 'grok-3',
      streamErrors: [],
      ...more,
    },
    isThinking: false,
    isSoftStop: false,
  })

/** What comes before the first token. */
export const OPENING: readonly string[] = [
  line({ result: { conversation: { conversationId: 'c-1', title: 'New conversation' } } }),
  frame({
    userResponse: { responseId: 'u-1', message: 'Hello', sender: 'human', streamErrors: [] },
    isThinking: false,
    isSoftStop: false,
  }),
  frame({ uiLayout: { reasoningUiLayout: 'SPLIT', willThinkLong: false, rolloutIds: [] } }),
  frame({ llmInfo: { modelHash: 'fake-hash-1' }, isThinking: false, isSoftStop: false }),
]

/** What comes behind the last one. */
export const closing = (message: string, more: object = {}): readonly string[] => [
  SOFT_STOP,
  frame({ finalMetadata: { followUpSuggestions: [], disclaimer: '' }, isThinking: false }),
  whole(message, more),
  line({ result: { title: { newTitle: 'Greeting' } } }),
]

export const card = (json: object): string =>
  frame({ cardAttachment: { jsonData: JSON.stringify(json) } })

export const citationCard = (id: string, url: string, more: object = {}): string =>
  card({ id, url, type: 'render_inline_citation', cardType: 'citation_card', ...more })

export const renderTag = (id: string): string =>
  `<grok:render card_id="${id}" card_type="citation_card" type="render_inline_citation"><argument name="citation_id">0</argument></grok:render>`

/** A tool's card as it stands in a token. */
export const toolElement = (id: string, name: string, args: object): string =>
  `<xai:tool_usage_card><xai:tool_usage_card_id>${id}</xai:tool_usage_card_id><xai:tool_name>${name}</xai:tool_name><xai:tool_args><![CDATA[${JSON.stringify(args)}]]></xai:tool_args></xai:tool_usage_card>`

export const toolCard = (id: string, tool: object, more: object = {}): string =>
  frame({
    token: '',
    isThinking: true,
    messageTag: 'tool_usage_card',
    toolUsageCardId: id,
    toolUsageCard: { toolUsageCardId: id, ...tool },
    ...more,
  })

export const toolResult = (id: string | undefined, more: object = {}): string =>
  frame({
    token: '',
    isThinking: true,
    messageTag: 'raw_function_result',
    ...(id !== undefined && { toolUsageCardId: id }),
    ...more,
  })

export const found = (...urls: readonly string[]) => ({
  webSearchResults: {
    results: urls.map((url) => ({ url, title: `About ${url}`, preview: 'text…' })),
  },
})

export const FILTERED = ['xaiartifact', 'xai:tool_usage_card', 'grok:render']

export function webTerms(changes: Partial<WebTerms> = {}): WebTerms {
  let ids = 0
  return {
    filteredTags: FILTERED,
    dialect: 'chat',
    assetUrl: (path) => (path.startsWith('http') ? path : `https://assets.example/${path}`),
    newId: () => `id${++ids}`,
    work: 'text',
    ...changes,
  }
}

/** All events of an answer in these pieces, and the fault that ended it. */
export function decode(pieces: Iterable<string>, changes: Partial<WebTerms> = {}) {
  const decoder = createWebDecoder(webTerms(changes))
  const events: WebEvent[] = []
  try {
    for (const piece of pieces) for (const event of decoder.push(piece)) events.push(event)
    for (const event of decoder.end()) events.push(event)
  } catch (fault) {
    if (!(fault instanceof UpstreamFault)) throw fault
    return { events, fault: { kind: fault.kind, message: fault.message, ...fault.details } }
  }
  return { events, fault: undefined }
}

/** The same for an answer that is whole. */
export function eventsOf(pieces: Iterable<string>, changes: Partial<WebTerms> = {}): WebEvent[] {
  const { events, fault } = decode(pieces, changes)
  if (fault) throw new Error(`${fault.kind}: ${fault.message}`)
  return events
}

/** All that was said of one kind. */
export const said = (events: readonly WebEvent[], type: 'text' | 'thinking' | 'refusal'): string =>
  events.map((event) => (event.type === type ? event.text : '')).join('')
