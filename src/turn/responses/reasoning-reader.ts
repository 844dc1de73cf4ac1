import { isObject, isText } from '../../json-value'
import { createHeard, type ItemReader, type ReaderParts } from './item-reader'

/** Short thoughts may honestly repeat ("ha", "ha"); xAI repeats a placeholder while it works. */
const LONGEST_HONEST_REPEAT = 8

/** Follow a thought, in its own words or as a summary: where both are told, what comes first counts. */
export function createReasoningReader({ speaker }: ReaderParts): ItemReader {
  const heard = createHeard()
  /** The paragraphs, counted as they come. */
  const places: unknown[] = []
  const choice = 0
  let form: 'summary' | 'content' | undefined
  let last: string | undefined

  function think(as: 'summary' | 'content', place: unknown, text: unknown) {
    if (!isText(text) || (form !== undefined && form !== as)) return
    form = as
    heard.add(place, text)
    const repeats = text.length > LONGEST_HONEST_REPEAT && text === last
    last = text
    if (repeats) return
    if (!places.includes(place)) places.push(place)
    speaker.say({ type: 'thinking', choice, text, part: places.indexOf(place) })
  }

  function rest(as: 'summary' | 'content', place: unknown, whole: unknown) {
    if (form === undefined || form === as) think(as, place, heard.rest(place, whole))
  }

  function restOf(as: 'summary' | 'content', parts: unknown) {
    if (!Array.isArray(parts)) return
    for (const [place, part] of parts.entries()) if (isObject(part)) rest(as, place, part.text)
  }

  function over(encrypted: string | null) {
    if (places.length > 0 || encrypted !== null) speaker.say({ type: 'thought', choice, encrypted })
    speaker.close()
  }

  return {
    take(type, event) {
      const { summary_index: paragraph = 0, content_index: place = 0, part } = event
      switch (type) {
        case 'response.reasoning_summary_text.delta':
          return think('summary', paragraph, event.delta)
        case 'response.reasoning_summary_text.done':
          return rest('summary', paragraph, event.text)
        case 'response.reasoning_summary_part.done':
          return rest('summary', paragraph, isObject(part) ? part.text : undefined)
        case 'response.reasoning_text.delta':
          return think('content', place, event.delta)
        case 'response.reasoning_text.done':
          return rest('content', place, event.text)
        case 'response.content_part.done':
          return rest('content', place, isObject(part) ? part.text : undefined)
      }
    },

    finish({ summary, content, encrypted_content: encrypted }) {
      restOf('summary', summary)
      restOf('content', content)
      over(isText(encrypted) ? encrypted : null)
    },

    end: () => over(null),
  }
}
