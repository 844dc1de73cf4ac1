/** Where a text stands on the way to one of its stop sequences. */
export interface StopSearch {
  /**
   * Look at more of the text. Gives where the first stop sequence begins, once that is certain, and from
   * where on the text may still be the beginning of one; both count from the beginning of the text.
   */
  push(text: string): { readonly stop: number | undefined; readonly safe: number }
  /** Nothing follows: gives where the first stop sequence begins. */
  end(): number | undefined
}

/** How much of a sequence has been read, by Knuth, Morris and Pratt: no sign is looked at twice. */
interface Sequence {
  readonly signs: string
  /** For so many signs that fit, how many of the last ones are the sequence's own first ones. */
  readonly borders: readonly number[]
  fitting: number
}

/** Search a text for stop sequences while it comes, in time that does not depend on how they look. */
export function createStopSearch(stops: readonly string[]): StopSearch {
  const sequences = stops.map(sequenceOf)
  let length = 0
  let found: number | undefined

  function read(text: string) {
    for (let at = 0; at < text.length; at++) {
      length++
      for (const sequence of sequences) {
        if (!advance(sequence, text.charAt(at))) continue
        const start = length - sequence.signs.length
        if (found === undefined || start < found) found = start
      }
    }
  }

  /** From where on what was read may be the beginning of a sequence. */
  function open(): number {
    let longest = 0
    for (const { fitting } of sequences) longest = Math.max(longest, fitting)
    return length - longest
  }

  return {
    push(text) {
      read(text)
      const safe = open()
      if (found === undefined) return { stop: undefined, safe }
      // One that began before may yet turn out to be one.
      return safe < found ? { stop: undefined, safe } : { stop: found, safe: found }
    },
    end: () => found,
  }
}

function sequenceOf(signs: string): Sequence {
  const borders = [0]
  for (let at = 1, fitting = 0; at < signs.length; at++) {
    while (fitting > 0 && signs[at] !== signs[fitting]) fitting = borders[fitting - 1] ?? 0
    if (signs[at] === signs[fitting]) fitting++
    borders.push(fitting)
  }
  return { signs, borders, fitting: 0 }
}

/** Read one sign. Says whether the sequence is whole. */
function advance(sequence: Sequence, sign: string): boolean {
  const { signs, borders } = sequence
  let { fitting } = sequence
  while (fitting > 0 && sign !== signs[fitting]) fitting = borders[fitting - 1] ?? 0
  if (sign === signs[fitting]) fitting++
  const isWhole = fitting === signs.length
  sequence.fitting = isWhole ? (borders[fitting - 1] ?? 0) : fitting
  return isWhole
}
