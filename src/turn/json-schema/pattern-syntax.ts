/** What a regular expression is made of. */
export type Node =
  | { readonly type: 'char'; readonly fits: (char: string) => boolean }
  | { readonly type: 'place'; readonly place: Place }
  | { readonly type: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly type: 'repeat'; readonly part: Node; readonly least: number; readonly most: number }

/** Where a text may be without having read anything: its edges, the edges of a word, or none of these. */
export type Place = '^' | '$' | 'b' | 'B'

const COUNT = /\{(\d+)(,?)(\d*)\}/y
const GROUP = /\((?!\?)|\(\?:|\(\?<[^=!][^>]*>/y
const CLASS = /\[(?:[^\]\\]|\\.)*\]/sy
/** One sign that is written as an escape, as the flag `u` has it and without it. */
const ESCAPE = {
  u: /\\(?:u\{[0-9a-fA-F]+\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|0(?!\d)|[^0-9k])/uy,
  '': /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|0(?!\d)|[^0-9k])/y,
} as const

/** How a pattern is to be read: by signs, or by UTF-16 units. */
export type Flag = keyof typeof ESCAPE

/**
 * Read a regular expression that JavaScript takes.
 *
 * @throws SyntaxError for what needs more than one look at each sign: references back, looking around
 */
export function readPattern(source: string, flag: Flag): Node {
  let at = 0

  /** What stands here, if it looks like this. */
  function take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = at
    const found = form.exec(source) ?? undefined
    if (found) at += found[0].length
    return found
  }

  function choice(): Node {
    const parts = [sequence()]
    while (source[at] === '|') {
      at++
      parts.push(sequence())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { type: 'choice', parts }
  }

  function sequence(): Node {
    const parts: Node[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(term())
    return { type: 'sequence', parts }
  }

  function term(): Node {
    let part = atom()
    for (let often = count(); often; often = count()) part = { type: 'repeat', part, ...often }
    return part
  }

  function count(): Often | undefined {
    const sign = source[at] ?? ''
    const often = sign === '{' ? counted(take(COUNT)) : SIGNS[sign]
    if (!often) return
    if (sign !== '{') at++
    // Whether few or many are tried first does not change whether there is a way at all.
    if (source[at] === '?') at++
    return often
  }

  function atom(): Node {
    const sign = source[at] as string
    if (sign === '^' || sign === '$') {
      at++
      return { type: 'place', place: sign }
    }
    if (sign === '(') {
      if (!take(GROUP)) throw unread()
      const inner = choice()
      at++
      return inner
    }
    if (sign === '[') return matching(take(CLASS)?.[0], flag)
    if (sign === '.') {
      at++
      return matching('.', flag)
    }
    if (sign !== '\\') return literal()
    const place = source[at + 1]
    if (place === 'b' || place === 'B') {
      at += 2
      return { type: 'place', place }
    }
    return matching(take(ESCAPE[flag])?.[0], flag)
  }

  function literal(): Node {
    const char = flag === 'u' ? String.fromCodePoint(source.codePointAt(at) ?? 0) : source[at]
    at += char?.length ?? 1
    return { type: 'char', fits: (given) => given === char }
  }

  const whole = choice()
  if (at < source.length) throw unread()
  return whole
}

interface Often {
  readonly least: number
  readonly most: number
}

const SIGNS: Readonly<Record<string, Often>> = {
  '*': { least: 0, most: Number.POSITIVE_INFINITY },
  '+': { least: 1, most: Number.POSITIVE_INFINITY },
  '?': { least: 0, most: 1 },
}

function counted(found: RegExpExecArray | undefined): Often | undefined {
  if (!found) return
  const [, least, comma, most] = found
  if (comma === '') return { least: Number(least), most: Number(least) }
  return { least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) }
}

const ASCII = 128

/** Leave it to the engine which signs a class or an escape stands for: of one sign it cannot take long. */
function matching(source: string | undefined, flag: Flag): Node {
  if (source === undefined) throw unread()
  const one = new RegExp(`^(?:${source})$`, flag)
  const known: (boolean | undefined)[] = []
  const fits = (char: string): boolean => {
    const code = char.charCodeAt(0)
    if (code >= ASCII) return one.test(char)
    known[code] ??= one.test(char)
    return known[code] === true
  }
  return { type: 'char', fits }
}

const unread = () => new SyntaxError('This pattern cannot be looked for in bounded time.')
