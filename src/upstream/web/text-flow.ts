import type { TurnEvent } from '../../turn/event'

/** Something that is not the model's own within its text. */
interface Insertion {
  /** Where it stands, in the model's own text. */
  readonly at: number
  readonly length: number
}

/**
 * Keeps pictures and videos on lines of their own within what the model writes, and citations at the
 * words that they stand for.
 */
export function createTextFlow(dialect: 'chat' | 'responses') {
  /** How the text so far ends; empty where it begins. */
  let tail = ''
  let endsShown = false
  /** How much of the piece of text is the model's own. */
  let length = 0
  let insertions: Insertion[] = []

  /** Something that is no text: places count anew, and in the Responses API another text begins. */
  function turnTo() {
    length = 0
    insertions = []
    if (dialect === 'chat') return
    tail = ''
    endsShown = false
  }

  function breakBefore(text: string): string {
    if (tail === '' || tail.endsWith('\n\n') || text.startsWith('\n\n')) return ''
    return tail.endsWith('\n') || text.startsWith('\n') ? '\n' : '\n\n'
  }

  const insert = (text: string) => insertions.push({ at: length, length: text.length })

  /** What was inserted before a place. */
  const before = (isBefore: (insertion: Insertion) => boolean): number =>
    insertions.reduce((sum, insertion) => sum + (isBefore(insertion) ? insertion.length : 0), 0)

  return {
    /** An event of the model's own. */
    said(event: TurnEvent): TurnEvent {
      if (event.type === 'citation') {
        if (insertions.length === 0) return event
        const { start, end } = event.citation
        const last = end + before(({ at }) => at < end)
        const first = Math.min(start + before(({ at }) => at <= start), last)
        return { ...event, citation: { ...event.citation, start: first, end: last } }
      }
      if (event.type !== 'text') {
        turnTo()
        return event
      }
      const gap = endsShown ? breakBefore(event.text) : ''
      endsShown = false
      tail = (tail + event.text).slice(-2)
      if (gap !== '') insert(gap)
      length += event.text.length
      return gap === '' ? event : { ...event, text: gap + event.text }
    },

    /** An event that shows a picture or a video. */
    shown(event: TurnEvent): TurnEvent {
      if (event.type !== 'text') {
        turnTo()
        return event
      }
      const text = breakBefore(event.text) + event.text
      insert(text)
      tail = text.slice(-2)
      endsShown = true
      return { ...event, text }
    },
  }
}
