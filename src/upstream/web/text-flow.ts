import type { TurnEvent } from '../../turn/event'

/**
 * Keeps pictures and videos on lines of their own within what the model writes, and its citations at
 * their places behind what was put in.
 */
export function createTextFlow() {
  /** How the text so far ends; empty where it begins. */
  let tail = ''
  let endsShown = false
  /** How many characters are not the model's own. */
  let inserted = 0

  function breakBefore(text: string): string {
    if (tail === '' || tail.endsWith('\n\n') || text.startsWith('\n\n')) return ''
    return tail.endsWith('\n') || text.startsWith('\n') ? '\n' : '\n\n'
  }

  return {
    /** An event of the model's own. */
    said(event: TurnEvent): TurnEvent {
      if (event.type === 'hosted') tail = ''
      if (event.type === 'citation' && inserted > 0) {
        const { citation } = event
        const place = { start: citation.start + inserted, end: citation.end + inserted }
        return { ...event, citation: { ...citation, ...place } }
      }
      if (event.type !== 'text') return event
      const gap = endsShown ? breakBefore(event.text) : ''
      endsShown = false
      tail = (tail + event.text).slice(-2)
      if (gap === '') return event
      inserted += gap.length
      return { ...event, text: gap + event.text }
    },

    /** An event that shows a picture or a video. */
    shown(event: TurnEvent): TurnEvent {
      if (event.type === 'hosted') tail = ''
      if (event.type !== 'text') return event
      const text = breakBefore(event.text) + event.text
      inserted += text.length
      tail = text.slice(-2)
      endsShown = true
      return { ...event, text }
    },
  }
}
