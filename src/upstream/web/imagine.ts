import { UpstreamFault } from '../../errors'
import { isText, type Json, parseObject } from '../../json-value'
import type { Line } from '../../net/line'
import type { MadePicture, PictureEvent } from '../../turn/picture'
import { CHALLENGE, IMAGINE_LIMIT } from '../fault'
import type { Drawing } from './drawing'
import { inBandFault } from './faults'
import type { RequestForm } from './models'
import type { Session } from './session'

/** What the page Imagine of grok.com is asked for. */
interface Round {
  readonly prompt: string
  readonly ratio: string
  readonly count: number
  readonly form: RequestForm
}

interface RoundTerms {
  readonly drawing: Drawing
  readonly now: () => number
}

const PATH = '/ws/imagine/listen'
const DONE = 100

/**
 * Have pictures made over the WebSocket of grok.com's page Imagine, which sends them whole.
 *
 * @throws UpstreamFault when it ends without
 */
export async function* imagine(
  session: Session,
  round: Round,
  { drawing, now }: RoundTerms,
): AsyncGenerator<PictureEvent> {
  const line = await session.connect(PATH).catch((cause) => {
    throw ofPage(cause)
  })
  try {
    ask(line, round, now())
    for await (const text of line.messages) {
      const event = read(text, drawing, session)
      if (event) yield event
      if (isOver(drawing, round)) return
    }
    if (!drawing.isSettled())
      throw new UpstreamFault('broken', 'grok.com closed the WebSocket before it had drawn.')
  } finally {
    line.close()
  }
}

/** Nothing is to come that could take the place of what is not to be seen. */
const isOver = (drawing: Drawing, { count }: Round): boolean =>
  drawing.isFull() || (drawing.made() >= count && drawing.isSettled())

function ask(line: Line, { prompt, ratio, count, form }: Round, timestamp: number): void {
  const say = (timestamp: number, content: Json) =>
    line.send(
      JSON.stringify({
        type: 'conversation.item.create',
        timestamp,
        item: { type: 'message', content: [content] },
      }),
    )
  const isNew = form === 'g3'
  if (isNew) say(timestamp, { type: 'reset' })
  say(timestamp + 1, {
    requestId: crypto.randomUUID(),
    text: prompt,
    type: isNew ? 'input_text' : 'input_scroll',
    properties: {
      section_count: 0,
      is_kids_mode: false,
      enable_nsfw: false,
      skip_upsampler: false,
      is_initial: false,
      aspect_ratio: ratio,
      ...(isNew && { enable_side_by_side: true, enable_pro: false, num_generations: count }),
    },
  })
}

/** The page has limits of its own, whatever is left for chats. */
function ofPage(cause: unknown): unknown {
  if (!(cause instanceof UpstreamFault) || cause.details.status !== 429) return cause
  const { kind, message, details } = cause
  if (details.code === CHALLENGE) return cause
  return new UpstreamFault(kind, message, { ...details, code: IMAGINE_LIMIT })
}

/** What a message tells of one picture. */
function read(text: string, drawing: Drawing, { hide }: Session): PictureEvent | undefined {
  const message = parseObject(text)
  if (!message) throw new UpstreamFault('malformed', 'grok.com sent a message that is no JSON.')
  const { type, err_code: code, err_msg: said } = message
  if (type === 'error') throw ofPage(inBandFault({ code, message: said }, hide))
  const id = [message.id, message.image_id, message.job_id].find(isText)
  if (id === undefined) return
  if (type === 'image') return seen(id, message, drawing)
  const { current_status: status } = message
  if (status === 'completed' && message.moderated === true) return drawing.block(id)
  if (status === 'start_stage') drawing.begin(id)
  return
}

function seen(
  id: string,
  { blob, url, percentage_complete: progress }: Json,
  drawing: Drawing,
): PictureEvent | undefined {
  const picture = pictureOf(blob, url)
  if (!picture) return
  if (typeof progress !== 'number' || progress >= DONE) return drawing.done(id, picture)
  const index = drawing.preview(id)
  return index === undefined ? undefined : { type: 'partial', index, picture }
}

function pictureOf(blob: unknown, url: unknown): MadePicture | undefined {
  // Some send it as a `data:` URL.
  if (isText(blob)) return { base64: blob.slice(blob.indexOf(',') + 1) }
  return isText(url) ? { url } : undefined
}
