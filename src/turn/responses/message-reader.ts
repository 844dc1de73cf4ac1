import { isObject, isText, type Json } from '../../json-value'
import type { Citation, Logprob } from '../event'
import { createHeard, type ItemReader, type ReaderParts } from './item-reader'

/** Follow a message: its texts, their sources, and refusals. */
export function createMessageReader({ speaker }: ReaderParts): ItemReader {
  const heard = createHeard()
  const cited = new Map<unknown, number>()
  const choice = 0

  function say(place: unknown, text: unknown, logprobs?: unknown) {
    if (!isText(text)) return
    heard.add(place, text)
    const likely = readLogprobs(logprobs)
    speaker.say(
      likely ? { type: 'text', choice, text, logprobs: likely } : { type: 'text', choice, text },
    )
  }

  function refuse(place: unknown, text: unknown) {
    if (!isText(text)) return
    heard.add(place, text)
    speaker.say({ type: 'refusal', choice, text })
  }

  function cite(place: unknown, annotation: unknown) {
    cited.set(place, (cited.get(place) ?? 0) + 1)
    const citation = readCitation(annotation, heard.length(place))
    if (citation) speaker.say({ type: 'citation', choice, citation })
  }

  function readPart(place: unknown, part: unknown) {
    if (!isObject(part)) return
    if (part.type === 'refusal') return refuse(place, heard.rest(place, part.refusal))
    const isNew = heard.length(place) === 0
    say(place, heard.rest(place, part.text), isNew ? part.logprobs : undefined)
    if (!Array.isArray(part.annotations)) return
    for (const annotation of part.annotations.slice(cited.get(place) ?? 0)) cite(place, annotation)
  }

  return {
    take(type, event) {
      const { content_index: place = 0 } = event
      switch (type) {
        case 'response.output_text.delta':
          return say(place, event.delta, event.logprobs)
        case 'response.output_text.done': {
          const isNew = heard.length(place) === 0
          const rest = heard.rest(place, event.text)
          return say(place, rest, isNew ? event.logprobs : undefined)
        }
        case 'response.output_text.annotation.added':
          return cite(place, event.annotation)
        case 'response.refusal.delta':
          return refuse(place, event.delta)
        case 'response.refusal.done':
          return refuse(place, heard.rest(place, event.refusal))
        case 'response.content_part.done':
          return readPart(place, event.part)
      }
    },

    finish({ content }) {
      if (isText(content)) say(0, heard.rest(0, content))
      if (!Array.isArray(content)) return speaker.close()
      for (const [place, part] of content.entries()) readPart(place, part)
      speaker.close()
    },

    end: speaker.close,
  }
}

/** @param length of the text so far, which a source stands behind if it does not say where */
function readCitation(annotation: unknown, length: number): Citation | undefined {
  if (!isObject(annotation) || !isText(annotation.url)) return
  const { url, title, start_index: from, end_index: to } = annotation
  const start = Number.isInteger(from) ? Number(from) : length
  return {
    url,
    title: isText(title) ? title : url,
    start,
    end: Number.isInteger(to) ? Number(to) : start,
  }
}

function readLogprobs(logprobs: unknown): readonly Logprob[] | undefined {
  if (!Array.isArray(logprobs) || logprobs.length === 0) return
  return logprobs.filter(isObject).map((it) => ({
    ...readToken(it),
    top_logprobs: Array.isArray(it.top_logprobs)
      ? it.top_logprobs.filter(isObject).map(readToken)
      : [],
  }))
}

const readToken = ({ token, logprob, bytes }: Json) => ({
  token: typeof token === 'string' ? token : '',
  logprob: typeof logprob === 'number' ? logprob : 0,
  bytes: Array.isArray(bytes) ? (bytes as number[]) : null,
})
