import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import { createAnswer } from './answer'
import { createCitations } from './citations'
import { type Hide, inBandFault } from './faults'
import {
  type Mood,
  RESULT_TAG,
  readCards,
  readFrame,
  readMood,
  readPages,
  responseError,
} from './frames'
import { createLines } from './lines'
import type { WebWork } from './models'
import { createPictures, type PictureSign, readPictures } from './pictures'
import { createTagFilter } from './tag-filter'
import { createThoughts } from './thoughts'
import { readFindings, readToolCards, readToolElement, type ToolCard } from './tool-cards'
import { createTools } from './tools'
import { createVideos, type Video } from './videos'
import { createVoice, type WebEvent } from './voice'

/** What an answer of grok.com is read by. */
export interface WebTerms {
  /** Names of tags that are taken out of the text. */
  readonly filteredTags: readonly string[]
  readonly dialect: 'chat' | 'responses'
  /** Makes a path of the asset host an address; one that is absolute stays. */
  readonly assetUrl: (path: string) => string
  readonly newId: () => string
  readonly work: WebWork
  /** Takes out of a text what the session is sent with; absent where that is nothing. */
  readonly hide?: Hide
  /** Told how far a video is, which a chat learns from the thoughts. */
  readonly watchVideo?: (video: Pick<Video, 'progress' | 'state'>) => void
  /** Told of each picture, of previews and of those that are not to be seen too. */
  readonly watchPicture?: (sign: PictureSign) => void
}

/** Reads an answer of grok.com while it comes. */
export interface WebDecoder {
  /**
   * What was said within this piece of text, however the network cut it.
   *
   * @throws UpstreamFault when an error stands in the answer, after what was said before it
   */
  push(text: string): Iterable<WebEvent>
  /** The answer is over. @throws UpstreamFault when it was not whole, after what was left to say */
  end(): Iterable<WebEvent>
  /** Whether the answer is whole: what may still come is its title. */
  isWhole(): boolean
  /** Whether any of the answer has come: a refusal may stand in its place. */
  hasBegun(): boolean
}

const NOTHING: Json = {}
const RENDER = 'grok:render'
const TOOL_CARD = 'xai:tool_usage_card'

/** Reads the lines that grok.com answers with, of every generation, and takes the same memory however many come. */
export function createWebDecoder(terms: WebTerms): WebDecoder {
  const { filteredTags, dialect, assetUrl, newId, work, hide, watchVideo, watchPicture } = terms
  const lines = createLines({ token: say, value: take })
  const voice = createVoice({ dialect, interrupted: (by) => tools.interrupt(by) })
  const citations = createCitations(voice)
  /** Cards that stood in the tokens of this frame. */
  const cards: ToolCard[] = []
  const filterFor = (text: (text: string) => void, render: (element: string) => void) =>
    createTagFilter({
      filtered: filteredTags,
      watched: [RENDER, TOOL_CARD],
      text,
      element: (name, raw) => (name === RENDER ? render(raw) : takeElement(raw)),
    })
  const thoughts = createThoughts({ voice, filterFor: (text) => filterFor(text, () => undefined) })
  const tools = createTools({ voice, thoughts, dialect, newId })
  const media = { voice, thoughts, assetUrl, newId }
  const pictures = createPictures({ ...media, watch: watchPicture })
  const videos = createVideos({ ...media, watch: watchVideo })
  const hasMedia = () => pictures.hasBegun() || videos.hasBegun()
  const answer = createAnswer({
    filter: filterFor(voice.say, citations.tag),
    mayReport: () => work !== 'text' && hasMedia(),
  })
  let fault: UpstreamFault | undefined
  let hasLines = false
  let hasBegun = false
  let isStopped = false
  let isWhole = false
  let hasFound = false
  let isEnded = false
  const responses = new Set<string>()

  function takeElement(raw: string) {
    const card = readToolElement(raw)
    if (card) cards.push(card)
  }

  function say(token: string, mood: Mood) {
    if (fault) return
    hasLines = true
    hasBegun = true
    speak(token, mood)
    if (cards.length > 0) useTools(NOTHING, mood)
  }

  function speak(token: string, mood: Mood) {
    if (mood.isThinking) return thoughts.say(token, mood)
    thoughts.end()
    answer.say(token)
  }

  /** Lines about tools belong to thoughts; what comes between the answer's letters is not shown. */
  const mayWrite = (mood: Mood) => mood.isThinking || !voice.hasSaid()

  function useTools(frame: Json, mood: Mood) {
    for (const card of readToolCards(frame, cards.splice(0))) tools.use(card, mood, mayWrite(mood))
  }

  function guarded(read: () => void) {
    try {
      read()
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause
      // Half a title does no harm to an answer that is there.
      if (!isWhole) fail(unreadable(cause, hasLines))
    }
  }

  /** What is held back is no longer in doubt. */
  function fail(why: UpstreamFault) {
    if (fault) return
    thoughts.end()
    answer.end()
    fault = why
  }

  function take(line: unknown) {
    if (fault) return
    const frame = readFrame(line)
    if (!frame) return
    hasLines = true
    if (frame.error) return fail(inBandFault(frame.error, hide))
    takeResponse(frame.response)
  }

  function takeResponse(frame: Json) {
    hasBegun = true
    for (const card of readCards(frame.cardAttachment)) takeCard(card)
    for (const picture of readPictures(frame)) pictures.take(picture)
    const { streamingVideoGenerationResponse: video, uiLayout, modelResponse } = frame
    if (isObject(video)) videos.take(video)
    if (isObject(uiLayout) && Array.isArray(uiLayout.rolloutIds))
      thoughts.setAgents(uiLayout.rolloutIds)
    takeToken(frame)
    if (frame.isSoftStop === true || frame.finalMetadata !== undefined) isStopped = true
    if (isObject(modelResponse)) takeWhole(modelResponse)
  }

  function takeCard(card: Json) {
    if (isObject(card.image_chunk)) pictures.take(card.image_chunk, card)
    else citations.card(card)
  }

  /** A token, what it says of tools, and what these found. */
  function takeToken(frame: Json) {
    const { token } = frame
    const mood = readMood(frame)
    if (isText(token) && mood.tag !== RESULT_TAG) speak(token, mood)
    useTools(frame, mood)
    const findings = readFindings(frame)
    if (!findings) return
    citations.pages(findings.pages)
    hasFound ||= findings.pages.length > 0
    tools.settle(findings, mood, mayWrite(mood))
  }

  /** All of a response at once. What came of it before need not be said again. */
  function takeWhole(whole: Json) {
    const error = responseError(whole)
    if (error) return fail(inBandFault(error, hide))
    thoughts.end()
    answer.end()
    for (const card of readCards(whole.cardAttachmentsJson)) takeCard(card)
    const isSaid = isText(whole.responseId) && responses.has(whole.responseId)
    if (isText(whole.responseId)) responses.add(whole.responseId)
    const pages = readPages(whole.webSearchResults)
    if (pages.length > 0 && !hasFound) {
      citations.pages(pages)
      tools.settle({ card: newId(), pages, logs: undefined }, readMood(whole), false)
    }
    pictures.list(whole.generatedImageUrls)
    pictures.end()
    const { message } = whole
    if (!isSaid) answer.whole(isText(message) ? message : '', hasMedia())
    isWhole = true
  }

  function finish() {
    thoughts.end()
    answer.end()
    pictures.end()
    videos.end()
    voice.interrupt('answer')
    const isModerated = pictures.isModerated() || videos.isModerated()
    const hasCome = voice.hasSaid() || voice.hasShown()
    if (isModerated && !hasCome) {
      voice.refuse(MODERATED)
      return voice.finish('content_filter')
    }
    fault = missing()
    if (!fault) voice.finish('stop')
  }

  /** What an honest end has and this one lacks. */
  function missing(): UpstreamFault | undefined {
    const lacking = lackingMedia()
    if (lacking || isWhole || isStopped || videos.isShown()) return lacking
    return hasLines
      ? new UpstreamFault('broken', 'grok.com broke off its answer.')
      : new UpstreamFault('malformed', 'grok.com answered nothing.')
  }

  /** Something was made or to be made, and neither it came nor a word why not. */
  function lackingMedia(): UpstreamFault | undefined {
    if (videos.hasBegun() && !videos.isShown() && !videos.isModerated()) return without('the video')
    if (voice.hasShown() || voice.hasSaid() || !hasLines) return
    if (work === 'video') return without('the video')
    if (pictures.hasBegun() || work === 'image' || work === 'edit') return without('a picture')
    return
  }

  function drain(): Iterable<WebEvent> {
    const events = voice.drain()
    if (!fault) return events
    if (events.length === 0) throw fault
    return thenThrow(events, fault)
  }

  return {
    push(text) {
      if (!fault) guarded(() => lines.push(text))
      return drain()
    },

    end() {
      if (!fault && !isEnded) guarded(lines.end)
      if (!fault && !isEnded) finish()
      isEnded = true
      return drain()
    },

    isWhole: () => isWhole,
    hasBegun: () => hasBegun || !lines.isEmpty(),
  }
}

const without = (what: string) =>
  new UpstreamFault('malformed', `grok.com ended its answer without ${what}.`)

const MODERATED = "grok.com's moderation refused to show what was made."

function* thenThrow(events: readonly WebEvent[], fault: UpstreamFault): Generator<WebEvent> {
  yield* events
  throw fault
}

function unreadable(cause: unknown, hasLines: boolean): UpstreamFault {
  const details = { cause }
  if (cause instanceof RangeError)
    return new UpstreamFault('malformed', 'grok.com sent a line that is too long.', details)
  return hasLines
    ? new UpstreamFault('broken', 'grok.com broke off within a line of its answer.', details)
    : new UpstreamFault(
        'malformed',
        'grok.com answered with something else than lines of JSON.',
        details,
      )
}
