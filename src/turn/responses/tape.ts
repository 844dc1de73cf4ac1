import { createLongText } from './long-text'

/**
 * How the deltas of a stream were cut, so that it can be sent again in the same pieces. One line for
 * each output item:
 *
 * - of what was said, a sign for each piece: its length (`a` to `z` for 1 to 26, else the number and a
 *   dot), before it how many logprobs it had, in brackets; `@` for a citation
 * - of a hosted tool, the item as it began, if it was told then, and `!` when it was done
 *
 * A last line that begins with `#` is the error that ended it.
 */
export interface Tape {
  /** The next output item begins. */
  item(): void
  cut(length: number, logprobs?: number): void
  cite(): void
  began(item: object): void
  done(): void
  error(body: object): void
  text(): string
}

/** A tape, or one that takes nothing in where there is no stream. */
export function createTape(live: boolean): Tape {
  const signs = createLongText()
  const add = (sign: string) => {
    if (live) signs.add(sign)
  }
  return {
    item: () => add('\n'),
    cut(length, logprobs = 0) {
      if (!live) return
      if (logprobs > 0) signs.add(`(${logprobs})`)
      signs.add(LETTERS[length - 1] ?? `${length}.`)
    },
    cite: () => add('@'),
    began: (item) => add(JSON.stringify(item)),
    done: () => add('!'),
    error: (body) => add(`\n#${JSON.stringify(body)}`),
    text: signs.text,
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** What a tape says of the pieces of one item. */
export type Mark =
  | { readonly type: 'cut'; readonly length: number; readonly logprobs: number }
  | { readonly type: 'citation' }

/** The lines of a tape: one for each output item, and the error behind them. */
export function readTape(tape: string): {
  readonly items: readonly string[]
  readonly error: unknown
} {
  const lines = tape.split('\n').slice(1)
  const last = lines.at(-1)
  if (!last?.startsWith('#')) return { items: lines, error: undefined }
  return { items: lines.slice(0, -1), error: JSON.parse(last.slice(1)) }
}

const MARK = /(?:\((\d+)\))?(?:([a-z])|(\d+)\.)|@/g

/** The pieces that a line of a tape stands for. */
export function* readMarks(line: string): Generator<Mark> {
  for (const [mark, logprobs, letter, length] of line.matchAll(MARK)) {
    if (mark === '@') yield { type: 'citation' }
    else
      yield {
        type: 'cut',
        length: letter ? LETTERS.indexOf(letter) + 1 : Number(length),
        logprobs: Number(logprobs ?? 0),
      }
  }
}

/** What a line of a tape says of a hosted tool. */
export function readHostedLine(line: string): { readonly first: unknown; readonly done: boolean } {
  const done = line.endsWith('!')
  const json = done ? line.slice(0, -1) : line
  return { first: json === '' ? undefined : JSON.parse(json), done }
}
