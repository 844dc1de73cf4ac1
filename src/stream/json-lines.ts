interface JsonLinesParts {
  /** How long a value, or a line, may be: in characters. */
  readonly most: number
}

/** Reads JSON values from a text that comes in pieces. */
export interface JsonLines {
  /**
   * The values that end within this piece. What stood before a fault is given first: the next call
   * throws it then.
   *
   * @throws SyntaxError for what is no JSON, RangeError for what is too long
   */
  push(text: string): readonly unknown[]
  /** Nothing more comes. @throws SyntaxError for a value that was not ended */
  end(): readonly unknown[]
  /** Whether all that came so far was given out. */
  isEmpty(): boolean
}

/** What may begin a line beside a value: the fields of server-sent events, and their comments. */
const FIELDS = ['data:', 'event:', 'id:', 'retry:', ':'] as const
const DONE = '[DONE]'
/** Server-sent events repeat the field on each line of a value. */
const CONTINUED = /\r?\ndata: ?/g
/** So many pieces are few to hold, and many to join at once. */
const MOST_LOOSE = 256

const LF = 10
const QUOTE = 34
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/**
 * Reads a text of one JSON value a line, and what servers make of that: server-sent events, several
 * objects on a line, one object on several.
 */
export function createJsonLines({ most }: JsonLinesParts): JsonLines {
  let mode: 'between' | 'value' | 'line' | 'skip' = 'between'
  /** What may become a field. */
  let head = ''
  /** What came of a value or line so far. */
  let joined = ''
  let loose: string[] = []
  let length = 0
  let depth = 0
  let inString = false
  let escaped = false
  let values: unknown[] = []
  let fault: unknown

  function hold(piece: string) {
    length += piece.length
    if (length > most) throw new RangeError(`A line is longer than ${most} characters.`)
    if (loose.push(piece) < MOST_LOOSE) return
    joined += loose.join('')
    loose = []
  }

  function release(): string {
    const text = joined + loose.join('')
    joined = ''
    loose = []
    length = 0
    mode = 'between'
    return text
  }

  function give(text: string) {
    if (text !== DONE) values.push(parse(text))
  }

  /** What begins here. Gives the place to read on at. */
  function begin(text: string, from: number): number {
    let at = from
    if (head === '') {
      while (BLANKS.has(text.charCodeAt(at))) at++
      const first = text.charCodeAt(at)
      if (first === OPEN_OBJECT || first === OPEN_LIST) return beginValue(text, at)
    }
    const rest = head + text.slice(at, at + LONGEST_FIELD)
    const field = FIELDS.find((it) => rest.startsWith(it))
    if (field) {
      at += field.length - head.length
      head = ''
      if (field !== 'data:') mode = 'skip'
      return at
    }
    if (FIELDS.some((it) => it.startsWith(rest))) {
      head = rest
      return text.length
    }
    mode = 'line'
    hold(head)
    head = ''
    return at
  }

  /** Most values are the whole of a line, and parsing says so sooner than counting brackets. */
  function beginValue(text: string, at: number): number {
    const end = text.indexOf('\n', at)
    if (end > 0 && end - at <= most) {
      const value = tryParse(text.slice(at, end))
      if (value !== undefined) {
        values.push(value)
        return end + 1
      }
    }
    mode = 'value'
    depth = 0
    return at
  }

  function readValue(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const sign = text.charCodeAt(at)
      if (inString) {
        if (escaped) escaped = false
        else if (sign === BACKSLASH) escaped = true
        else if (sign === QUOTE) inString = false
        else if (sign === LF) throw new SyntaxError('A line ends within a string.')
      } else if (sign === QUOTE) inString = true
      else if (sign === OPEN_OBJECT || sign === OPEN_LIST) depth++
      else if ((sign === CLOSE_OBJECT || sign === CLOSE_LIST) && --depth === 0) {
        hold(text.slice(from, at + 1))
        give(release())
        return at + 1
      }
    }
    hold(text.slice(from))
    return text.length
  }

  function readLine(text: string, from: number): number {
    const end = text.indexOf('\n', from)
    hold(text.slice(from, end < 0 ? undefined : end))
    if (end < 0) return text.length
    give(release())
    return end + 1
  }

  function skipLine(text: string, from: number): number {
    const end = text.indexOf('\n', from)
    if (end < 0) return text.length
    mode = 'between'
    return end + 1
  }

  const READERS = { between: begin, value: readValue, line: readLine, skip: skipLine }

  function guarded(read: () => void): readonly unknown[] {
    if (fault) throw fault
    values = []
    try {
      read()
    } catch (cause) {
      fault = cause
      if (values.length === 0) throw cause
    }
    return values
  }

  return {
    push: (text) =>
      guarded(() => {
        for (let at = 0; at < text.length; ) at = READERS[mode](text, at)
      }),

    end: () =>
      guarded(() => {
        if (mode === 'value' || head !== '') throw new SyntaxError('The text ends within a value.')
        if (mode === 'line') give(release())
      }),

    isEmpty: () => mode === 'between' && head === '',
  }
}

const BLANKS: ReadonlySet<number> = new Set([9, LF, 13, 32])
const LONGEST_FIELD = Math.max(...FIELDS.map(({ length }) => length))

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const plain = text.replaceAll(CONTINUED, '\n')
    if (plain === text) throw cause
    return JSON.parse(plain)
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return
  }
}
