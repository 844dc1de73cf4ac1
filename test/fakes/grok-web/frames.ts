/** Fields of one frame of an answer; the fake wraps them as the endpoint does. */
export interface Frame {
  readonly response: Readonly<Record<string, unknown>>
}

/** One step of an answer, besides frames. */
export type Step =
  | Frame
  /** What stands beside `response`: the conversation, the title. */
  | { readonly result: Readonly<Record<string, unknown>> }
  /** A whole line. */
  | { readonly line: unknown }
  /** Bytes or text as they are, without a line end. */
  | { readonly raw: string | Uint8Array }
  /** Wait for so many milliseconds, or for a promise. */
  | { readonly wait: number | Promise<unknown> }
  /** Reset the connection; say nothing until the client goes; end without what is still to come. */
  | { readonly act: 'reset' | 'stall' | 'end' }

type Fields = Readonly<Record<string, unknown>>

const frame = (fields: Fields): Frame => ({ response: fields })

/** One token of the answer. */
export const token = (text: unknown, extra: Fields = {}): Frame =>
  frame({ token: text, isThinking: false, isSoftStop: false, messageTag: 'final', ...extra })

/** A text as tokens of `size` characters (of code points, so that none is broken). */
export function tokens(text: string, size = 6, extra: Fields = {}): Frame[] {
  const points = [...text]
  return Array.from({ length: Math.ceil(points.length / size) }, (_, at) =>
    token(points.slice(at * size, (at + 1) * size).join(''), extra),
  )
}

/** A token of a thought; `tag` is `header`, `summary`, `analysis` or `assistant`. */
export const thought = (text: string, tag = 'summary', step = 0, extra: Fields = {}): Frame =>
  frame({
    ...{ token: text, isThinking: true, isSoftStop: false, messageTag: tag },
    ...{ messageStepId: step, ...extra },
  })

/** A section of a thought: its title, then its text. */
export const section = (title: string, text: string, step = 0, extra: Fields = {}): Frame[] => [
  thought(title, 'header', step, extra),
  ...tokens(text, 12).map(({ response }) =>
    thought(String(response.token), 'summary', step, extra),
  ),
]

const snake = (name: string): string => name.replace(/[A-Z]/g, (big) => `_${big.toLowerCase()}`)

/** The XML that stands in the token of a tool's card. */
export const cardXml = (id: string, tool: string, args: object): string =>
  `<xai:tool_usage_card><xai:tool_usage_card_id>${id}</xai:tool_usage_card_id><xai:tool_name>${snake(tool)}</xai:tool_name><xai:tool_args><![CDATA[${JSON.stringify(args)}]]></xai:tool_args></xai:tool_usage_card>`

interface CardManner {
  /** Snake-case names in `toolUsageCard`, as some answers have them. */
  readonly snakeCase?: boolean
  /** The tool is named in the XML alone. */
  readonly onlyXml?: boolean
  /** The tool is named by `toolName` alone. */
  readonly byName?: boolean
  readonly extra?: Fields
}

/** The start of a tool's call: `webSearch`, `xSearch`, `browsePage`, `codeExecution` … */
export function toolCard(id: string, tool: string, args: object, manner: CardManner = {}): Frame {
  const { snakeCase, onlyXml, byName, extra = {} } = manner
  const card = { toolUsageCardId: id, [snakeCase ? snake(tool) : tool]: { args } }
  return frame({
    ...{ token: byName ? '' : cardXml(id, tool, args), isThinking: true },
    ...{ messageTag: 'tool_usage_card', toolUsageCardId: id },
    ...(byName ? { toolName: snake(tool) } : onlyXml ? {} : { toolUsageCard: card }),
    ...extra,
  })
}

const toolResult = (id: string, result: Fields, extra: Fields): Frame =>
  frame({
    ...{ token: '', isThinking: true, messageTag: 'raw_function_result', toolUsageCardId: id },
    ...{ ...result, ...extra },
  })

/** A page that a search found. */
export interface Page {
  readonly url: string
  readonly title: string
  readonly preview: string
}

export const searchResults = (id: string, results: readonly Page[], extra: Fields = {}): Frame =>
  toolResult(id, { webSearchResults: { results } }, extra)

/** A post that a search on X found. */
export interface XPost {
  readonly postId: string
  readonly username: string
  readonly text: string
}

export const xResults = (id: string, results: readonly XPost[], extra: Fields = {}): Frame =>
  toolResult(id, { xSearchResults: { results } }, extra)

export const codeResult = (id: string, stdout: string, extra: Fields = {}): Frame =>
  toolResult(id, { codeExecutionResult: { stdout, stderr: '', exitCode: 0 } }, extra)

/** A card beside the answer; its data are JSON within JSON. */
export const card = (data: object): Frame =>
  frame({ cardAttachment: { jsonData: JSON.stringify(data) } })

/** The card of a source. */
export const citationCard = (id: string, url: string): Frame =>
  card({ id, url, type: 'render_inline_citation', cardType: 'citation_card' })

/** The tag in the answer's text that stands for a card. */
export const renderTag = (
  id: string,
  type = 'render_inline_citation',
  cardType = 'citation_card',
): string =>
  `<grok:render card_id="${id}" card_type="${cardType}" type="${type}"><argument name="citation_id">0</argument></grok:render>`

/** A source, as it is cited: the card, then the tag in one token. */
export const citation = (id: string, url: string): Frame[] => [
  citationCard(id, url),
  token(renderTag(id)),
]

/** A code document within the text. */
export const artifact = (id: string, title: string, code: string): string =>
  `<xaiArtifact artifact_id="${id}" title="${title}" contentType="text/code">${code}</xaiArtifact>`

/** What a picture's frame says. */
export interface PictureState {
  readonly id: string
  readonly url: string
  readonly index?: number
  readonly progress?: number
  readonly moderated?: boolean
}

/** The beginning of a drawing (G1, G2). */
export const drawing = (): Frame => frame({ imageAttachmentInfo: {}, token: '' })

/** A picture as far as it is drawn (G1, G2). */
export const picture = ({ id, url, index = 0, progress = 100, moderated = false }: PictureState) =>
  frame({
    streamingImageGenerationResponse: {
      ...{ imageId: id, imageUrl: url, imageIndex: index, progress, moderated },
      isFinal: progress === 100,
    },
  })

/** The data of a picture's card (G3, G4); a moderated one has no address. */
export const pictureCardData = (
  card: string,
  picture: PictureState | null,
  title = 'A picture',
) => ({
  ...{ id: card, type: 'render_generated_image', cardType: 'generated_image_card' },
  image_chunk: picture && {
    imageUuid: picture.id,
    ...(picture.moderated ? {} : { imageUrl: picture.url }),
    ...{ progress: picture.progress ?? 100, moderated: picture.moderated ?? false },
    ...{ imageTitle: title, systemErrCode: null },
  },
})

/** What a film's frame says besides its id and progress. */
export const film = (videoId: string, progress: number, extra: Fields = {}): Frame =>
  frame({ streamingVideoGenerationResponse: { videoId, progress, ...extra } })

/** The last word of an answer; what it lacks comes with the fake's own closing frames. */
export const modelResponse = (fields: Fields): Frame => frame({ modelResponse: fields })

/** A failure as a whole line: `{"error":{"code":8,"message":"…"}}`. */
export const failedLine = (code: number, message: string): Step => ({
  line: { error: { code, message } },
})

/** A failure within a frame. */
export const failedFrame = (message: string): Frame => frame({ error: { message } })

/** Wait before the next step. */
export const wait = (time: number | Promise<unknown>): Step => ({ wait: time })
export const RESET: Step = { act: 'reset' }
export const STALL: Step = { act: 'stall' }
/** End the body well, though nothing says that the answer is complete. */
export const END: Step = { act: 'end' }
