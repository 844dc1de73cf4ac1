/** A text that grows by many small pieces. */
export interface LongText {
  add(piece: string): void
  text(): string
}

/** So many pieces are few to hold, and many to join at once. */
const MOST_LOOSE = 256

/**
 * Gathers a text. Adding texts to each other makes engines hold every piece, and all that it was cut
 * from, until someone looks at the whole: many times the text itself. Joining copies the letters.
 */
export function createLongText(): LongText {
  let joined = ''
  let loose: string[] = []
  return {
    add(piece) {
      if (loose.push(piece) < MOST_LOOSE) return
      joined += loose.join('')
      loose = []
    },
    text: () => joined + loose.join(''),
  }
}
