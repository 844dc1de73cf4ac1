import type { TagFilter } from './tag-filter'

interface AnswerParts {
  readonly filter: TagFilter
  /** Whether what is said now may be no more than a report of what was made. */
  readonly mayReport: () => boolean
}

/** By so many characters a report has shown itself as one. */
const MOST_HELD = 200

/** What grok.com says beside every picture and video: whoever sees these needs it not. */
const REPORT =
  /^\s*I (?:have )?(?:generated|created|edited|made)\b[^:]{0,80}\b(?:image|picture|video)s?\b/i

/** Writes the text of the answer. */
export function createAnswer({ filter, mayReport }: AnswerParts) {
  let held = ''
  let form: 'open' | 'answer' | 'report' = 'open'
  let isSaid = false
  /** A response was whole before: the next one begins a paragraph. */
  let isApart = false

  function pass(text: string) {
    isSaid = true
    filter.push(isApart ? `\n\n${text}` : text)
    isApart = false
  }

  function decide() {
    if (held === '') return
    const text = held
    held = ''
    form = REPORT.test(text) ? 'report' : 'answer'
    if (form === 'answer') pass(text)
  }

  function end() {
    decide()
    form = 'open'
    filter.end()
  }

  return {
    say(text: string) {
      if (form === 'report') return
      if (form === 'answer' || !mayReport()) return pass(text)
      held += text
      if (held.length >= MOST_HELD) decide()
    },

    /** The text of a whole response, which is the answer if nothing of it came before. */
    whole(message: string, hasMedia: boolean): void {
      end()
      if (!isSaid && !(hasMedia && REPORT.test(message))) pass(message)
      filter.end()
      isApart ||= isSaid
      isSaid = false
    },

    /** Nothing more comes. */
    end,
  }
}
