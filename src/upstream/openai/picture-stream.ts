import { UpstreamFault } from '../../errors'
import { type Json, parseObject } from '../../json-value'
import { asFault } from '../../net/http'
import { createEventReader } from '../../stream/sse'
import { readInBandFault } from '../../turn/chat/in-band-fault'
import type { PictureEvent } from '../../turn/picture'
import { type PictureTerms, readAbout, readPicture, readUsage } from './picture-answer'

/** Whether an answer comes in pieces. */
export const isStream = ({ headers }: Response): boolean =>
  /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')

/**
 * What a stream of pictures says, until there are as many as were asked for.
 *
 * @throws UpstreamFault when it breaks off before there is one, or reports an error
 */
export async function* readPictureStream(
  { body }: Response,
  terms: PictureTerms,
  abort: AbortController,
): AsyncGenerator<PictureEvent> {
  if (!body) throw brokenOff()
  const reader = body.getReader()
  const heard: Json[] = []
  const events = createEventReader((data, name) => {
    if (data !== '[DONE]') heard.push(readEvent(data, name))
  })
  let index = 0
  try {
    for (let isOver = false; !isOver && index < terms.count; ) {
      const { done, value } = await reader.read()
      isOver = done
      if (done) events.end()
      else events.push(value)
      for (const event of heard.splice(0)) {
        yield* told(event, index, terms)
        if (isCompleted(event)) index++
      }
    }
  } catch (cause) {
    throw cause instanceof RangeError
      ? new UpstreamFault('malformed', 'The upstream sent an event without an end.', { cause })
      : asFault(cause, abort.signal)
  } finally {
    // There may be more to come, which nobody wants.
    reader.cancel().catch(() => {})
  }
  if (index === 0) throw brokenOff()
}

/** @throws UpstreamFault when it is none, or an error */
function readEvent(data: string, name: string | undefined): Json {
  const event = parseObject(data)
  if (!event) throw new UpstreamFault('malformed', 'The upstream sent an event that is not JSON.')
  const fault = readInBandFault(event, name)
  if (fault) throw fault
  return { type: name, ...event }
}

function told(event: Json, index: number, terms: PictureTerms): readonly PictureEvent[] {
  const picture = readPicture(event, terms)
  if (!isCompleted(event))
    return picture && isPartial(event) ? [{ type: 'partial', index, picture }] : []
  if (!picture)
    throw new UpstreamFault('malformed', 'The upstream ended its answer without a picture.')
  return [...readAbout(event), { type: 'picture', index, picture }, ...readUsage(event)]
}

const isPartial = ({ type }: Json): boolean =>
  type === 'image_generation.partial_image' || type === 'image_edit.partial_image'

const isCompleted = ({ type }: Json): boolean =>
  type === 'image_generation.completed' || type === 'image_edit.completed'

const brokenOff = () => new UpstreamFault('broken', 'The upstream broke off its answer.')
