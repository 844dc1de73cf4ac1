import { createJsonLines } from '../../stream/json-lines'
import type { Mood } from './frames'
import { createTokenTemplate } from './token-template'

interface LinesParts {
  /** Takes a token of a line that said nothing else. */
  readonly token: (token: string, mood: Mood) => void
  /** Takes what any other line said. */
  readonly value: (value: unknown) => void
}

/** The longest line that is read, in characters. */
const LONGEST = 32 * 1024 * 1024
/** So much of a line that looks like a token is waited for; what is longer is read as it comes. */
const LONGEST_REST = 4096

/**
 * Reads an answer line by line, the many that are a token and nothing else without parsing them.
 * Throws what the reading of JSON lines throws.
 */
export function createLines({ token, value }: LinesParts) {
  const lines = createJsonLines({ most: LONGEST })
  const template = createTokenTemplate()
  let rest = ''

  function read(text: string) {
    for (let at = 0; at < text.length; ) {
      const isBegun = !lines.isEmpty()
      const next = isBegun ? -1 : template.match(text, at)
      if (next >= 0) {
        if (template.token() !== '') token(template.token(), template.mood())
        at = next
        continue
      }
      const end = text.indexOf('\n', at) + 1
      const line = text.slice(at, end || undefined)
      if (end === 0 && !isBegun && line.length < LONGEST_REST && template.mayMatch(line)) {
        rest = line
        return
      }
      const values = lines.push(line)
      for (const one of values) value(one)
      if (!isBegun && values.length === 1) template.learn(line, values[0])
      at = end || text.length
    }
  }

  return {
    push(piece: string) {
      if (rest === '') return read(piece)
      // Only the line that was cut is put together.
      const end = piece.indexOf('\n') + 1 || piece.length
      const line = rest + piece.slice(0, end)
      rest = ''
      read(line)
      if (end < piece.length) read(piece.slice(end))
    },

    /** Whether nothing is left of a line that has not ended. */
    isEmpty: (): boolean => rest === '' && lines.isEmpty(),

    /** Nothing more comes. */
    end() {
      for (const one of [...lines.push(rest), ...lines.end()]) value(one)
    },
  }
}
