import type { WebAccount } from './accounts'
import type { Json } from './checks'
import type { Generation, Work } from './forms'
import type { Frame, Step } from './frames'
import type { Film, Picture } from './library'
import type { Call } from './records'

/** A chat as a script sees it. */
export interface Turn {
  readonly account: WebAccount
  readonly body: Json
  /** The body's `message`. */
  readonly message: string
  readonly generation: Generation
  readonly work: Work
  readonly isFollowUp: boolean
  readonly conversationId: string
  readonly responseId: string
  readonly call: Call
  /** The asset host, without a slash at the end. */
  readonly assetsUrl: string
  /** Draw a picture, which can be downloaded. */
  picture(size?: number): Picture
  /** Shoot a film, which can be downloaded. */
  film(size?: number): Film
}

/** How an answer's steps become bytes. */
export interface Wire {
  /** Lines; lines ending in CRLF; `data:` lines; `event:` and `data:` lines; nothing between
   * objects; objects over several lines. The third and fourth end with `[DONE]`. */
  readonly framing?: 'lines' | 'crlf' | 'data' | 'events' | 'joined' | 'pretty'
  /** A chunk a line, all lines in one chunk, or chunks of so many bytes. */
  readonly chunks?: 'line' | 'all' | number
  /** Milliseconds between chunks. */
  readonly gapMs?: number
  /** Compress, if the client accepts that. */
  readonly gzip?: boolean
  readonly contentType?: string
  /** Leave out the last line end. */
  readonly unended?: boolean
}

/** An answer in steps; what the site says before and after is added unless it is switched off. */
export interface Answer {
  readonly steps: readonly Step[]
  /** The conversation, the user's words again, the layout. */
  readonly opening?: boolean
  /** The soft stop, final metadata, the model's whole response, the title. */
  readonly closing?: boolean
  /** The last line, which some answers lack. */
  readonly title?: boolean
  /** Fields of the final `modelResponse`. */
  readonly modelResponse?: Json
  readonly wire?: Wire
}

type Said = Answer | readonly Step[] | string | Response | undefined

/** What to say to a chat: a text, steps, an answer, a whole response, or what a function makes of
 * the turn; undefined for the next script's answer. */
export type Script = Said | ((turn: Turn) => Said | Promise<Said> | Script)

/** Follow a script to what it says. */
export async function saidBy(script: Script, turn: Turn): Promise<Answer | Response | undefined> {
  const said = typeof script === 'function' ? await script(turn) : script
  if (typeof said === 'function') return saidBy(said, turn)
  if (said === undefined || said instanceof Response) return said
  if (typeof said === 'string') return { steps: wordsOf(said) }
  return 'steps' in said ? said : { steps: said }
}

/** A text as tokens of a word each. */
export const wordsOf = (text: string): Frame[] =>
  (text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]).map((word) => ({
    response: { token: word, isThinking: false, isSoftStop: false, messageTag: 'final' },
  }))

const NOTHING = {
  ...{ manual: false, partial: false, shared: false, query: '', queryType: '' },
  ...{ webSearchResults: [], xpostIds: [], xposts: [], generatedImageUrls: [] },
  ...{ imageAttachments: [], fileAttachments: [], cardAttachmentsJson: [], steps: [] },
}

const nameOf = ({ body }: Turn): string => String(body.modeId ?? body.modelName)

/** What the site says before an answer. */
export function openingOf(turn: Turn, now: number): Step[] {
  const { conversationId, responseId, message, isFollowUp } = turn
  const createTime = new Date(now).toISOString()
  const conversation = {
    ...{ conversationId, title: 'New conversation', starred: false, createTime },
    ...{ modifyTime: createTime, systemPromptName: '', temporary: turn.body.temporary === true },
    ...{ mediaTypes: [], workspaces: [], taskResult: {} },
  }
  const userResponse = {
    ...{ responseId: `${responseId}-u`, message, sender: 'human', createTime, ...NOTHING },
    ...{ fileUris: [], fileAttachmentsMetadata: [], isControl: false, imageEditUris: [] },
    ...{ mediaTypes: [], webpageUrls: [], metadata: {}, citedWebSearchResults: [] },
    ...{ toolResponses: [], model: `${nameOf(turn)}-auto`, ragResults: [], streamErrors: [] },
  }
  const uiLayout = {
    ...{ reasoningUiLayout: 'SPLIT', willThinkLong: false, effort: 'LOW' },
    ...{ steerModelId: '', rolloutIds: [] },
  }
  const still = { isThinking: false, isSoftStop: false }
  return [
    ...(isFollowUp ? [] : [{ result: { conversation } }]),
    { response: { userResponse, ...still } },
    { response: { uiLayout, ...still } },
    { response: { llmInfo: { modelHash: 'fake-hash-1' }, ...still } },
  ]
}

/** The text that the tokens of the answer make. */
const textOf = (steps: readonly Step[]): string =>
  steps
    .map((step) => {
      if (!('response' in step)) return ''
      const { token, isThinking, messageTag } = step.response
      return isThinking !== true && messageTag === 'final' && typeof token === 'string' ? token : ''
    })
    .join('')

/** What the site says after an answer. */
export function closingOf(
  turn: Turn,
  { steps, modelResponse, title }: Answer,
  now: number,
): Step[] {
  const { responseId, body } = turn
  const still = { isThinking: false, isSoftStop: false }
  const whole = {
    ...{ responseId, message: textOf(steps), sender: 'assistant' },
    ...{ createTime: new Date(now).toISOString(), parentResponseId: `${responseId}-u`, ...NOTHING },
    metadata: {
      ...{ deepsearchPreset: '', llm_info: { modelHash: 'fake-hash-1' } },
      request_metadata: { effort: 'low', mode: 'auto', model: `${nameOf(turn)}-auto` },
      ...{ request_trace_id: `trace-${responseId}`, ui_layout: {} },
    },
    ...{ model: 'grok-3', streamErrors: [] },
    requestMetadata: {
      ...{ model: 'grok-3', mode: body.modelMode ?? 'MODEL_MODE_AUTO', effort: 'LOW' },
    },
    ...modelResponse,
  }
  const followUpSuggestions = [{ label: 'Tell me more' }]
  return [
    { response: { token: '', isThinking: false, isSoftStop: true } },
    { response: { finalMetadata: { followUpSuggestions, disclaimer: '' }, ...still } },
    { response: { modelResponse: whole, ...still } },
    ...(title === false || turn.isFollowUp ? [] : [{ result: { title: { newTitle: 'A talk' } } }]),
  ]
}
