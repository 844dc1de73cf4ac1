import { type Flag, type Node, type Place, readPattern } from './pattern-syntax'

/**
 * A regular expression of a client's. It reads each sign of a text once, whatever it says: JavaScript's
 * own would go back and try again, for some patterns until the end of time.
 */
export interface Pattern {
  /** Whether it is found in a text. Tells how many steps it took, while it takes them. */
  test(text: string, spend: (steps: number) => void): boolean
}

type Step =
  | { readonly type: 'char'; readonly fits: (char: string) => boolean }
  | { readonly type: 'place'; readonly place: Place }
  | { readonly type: 'fork'; readonly ways: number[] }
  | { readonly type: 'end' }

const LONGEST = 2_000
/** What `(a{9}){9}` may be written out as. */
const MOST_STEPS = 5_000

/** Make a pattern; undefined for one that is none, is too long, or cannot be looked for in this way. */
export function compilePattern(source: string): Pattern | undefined {
  if (source.length > LONGEST) return
  try {
    const flag = isPattern(source, 'u') ? 'u' : ''
    if (flag === '' && !isPattern(source, '')) return
    const steps = write(readPattern(source, flag))
    return { test: (text, spend) => run(steps, flag, text, spend) }
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError) return
    throw cause
  }
}

function isPattern(source: string, flag: Flag): boolean {
  try {
    new RegExp(source, flag)
    return true
  } catch {
    return false
  }
}

function write(whole: Node): readonly Step[] {
  const steps: Step[] = []
  let written = 0

  function put(node: Node): void {
    if (++written > MOST_STEPS) throw new RangeError('The pattern is too long.')
    switch (node.type) {
      case 'sequence':
        for (const part of node.parts) put(part)
        return
      case 'choice':
        putChoice(node.parts)
        return
      case 'repeat':
        putRepeat(node)
        return
      default:
        steps.push(node)
    }
  }

  function putChoice(parts: readonly Node[]): void {
    const fork: Step = { type: 'fork', ways: [] }
    const exits: number[][] = []
    steps.push(fork)
    for (const part of parts) {
      fork.ways.push(steps.length)
      put(part)
      const ways: number[] = []
      exits.push(ways)
      steps.push({ type: 'fork', ways })
    }
    for (const ways of exits) ways.push(steps.length)
  }

  function putRepeat({ part, least, most }: Extract<Node, { readonly type: 'repeat' }>): void {
    for (let count = 0; count < least; count++) put(part)
    if (most === Number.POSITIVE_INFINITY) {
      const from = steps.length
      const fork: Step = { type: 'fork', ways: [from + 1] }
      steps.push(fork)
      put(part)
      steps.push({ type: 'fork', ways: [from] })
      fork.ways.push(steps.length)
      return
    }
    const exits: number[][] = []
    for (let count = least; count < most; count++) {
      const ways = [steps.length + 1]
      exits.push(ways)
      steps.push({ type: 'fork', ways })
      put(part)
    }
    for (const ways of exits) ways.push(steps.length)
  }

  put(whole)
  steps.push({ type: 'end' })
  return steps
}

/** Follow all ways through the pattern at once, sign by sign. */
function run(
  steps: readonly Step[],
  flag: Flag,
  text: string,
  spend: (steps: number) => void,
): boolean {
  const seenAt = new Int32Array(steps.length).fill(-1)
  const isAnchored = steps[0]?.type === 'place' && steps[0].place === '^'
  let next: number[] = []
  for (let at = 0; ; ) {
    const stack = next
    if (at === 0 || !isAnchored) stack.push(0)
    if (stack.length === 0) return false
    const char = at < text.length ? signAt(text, at, flag) : undefined
    next = []
    let taken = 1
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      if (seenAt[step] === at) continue
      seenAt[step] = at
      taken++
      const it = steps[step] as Step
      if (it.type === 'end') return true
      if (it.type === 'fork') stack.push(...it.ways)
      else if (it.type === 'place') {
        if (isAt(it.place, text, at)) stack.push(step + 1)
      } else if (char !== undefined && it.fits(char)) next.push(step + 1)
    }
    spend(taken)
    if (char === undefined) return false
    at += char.length
  }
}

const signAt = (text: string, at: number, flag: Flag): string =>
  flag === 'u' ? String.fromCodePoint(text.codePointAt(at) as number) : text.charAt(at)

function isAt(place: Place, text: string, at: number): boolean {
  if (place === '^') return at === 0
  if (place === '$') return at === text.length
  const isEdge = isWord(text, at - 1) !== isWord(text, at)
  return isEdge === (place === 'b')
}

const isWord = (text: string, at: number): boolean => /\w/.test(text.charAt(at))
