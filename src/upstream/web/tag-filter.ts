interface TagFilterParts {
  /** Names of tags that are taken out, in any case. */
  readonly filtered: readonly string[]
  /** Names of elements that are told of, whether or not they are taken out. */
  readonly watched: readonly string[]
  /** Takes what is left of the text. */
  readonly text: (text: string) => void
  /** Takes a watched element where it stands, before its text if that stays. */
  readonly element: (name: string, raw: string) => void
}

/** Takes tags out of a text that comes in pieces. */
export interface TagFilter {
  push(piece: string): void
  /** Nothing more comes for now: what was held back is given out. */
  end(): void
}

/** Of these the content stays. */
const UNWRAPPED: ReadonlySet<string> = new Set(['xaiartifact'])
/** A tag that is longer is text, and so is an element that is not closed within so many characters. */
const LONGEST_TAG = 2048
const LONGEST_ELEMENT = 32 * 1024

const CDATA = '<![CDATA['
const CDATA_END = ']]>'

interface Tag {
  readonly name: string
  readonly form: 'open' | 'close' | 'empty'
  readonly end: number
}

/** Where an element begins, or stood, in all of the text. */
interface Span {
  readonly name: string
  readonly start: number
  readonly end: number
}

/**
 * Takes elements out of a text, however their tags are cut between its pieces. Whatever turns out not
 * to be such an element is given out as it came: a lone `<`, other tags, and what is never closed.
 */
export function createTagFilter(parts: TagFilterParts): TagFilter {
  const filtered = new Set(parts.filtered.map((name) => name.toLowerCase()))
  const watched = new Set(parts.watched)
  const names = new Set([...filtered, ...watched])
  /** Text that may become a tag. */
  let cut = ''
  let inCdata = false
  /** Elements that are open, the outermost first, and all of the text since that one. */
  const open: Span[] = []
  let held: string[] = []
  /** What is to be taken out of it even if the outermost element is none. */
  let inner: Span[] = []
  /** The length of all text before what is held, and with it. */
  let base = 0
  let position = 0
  let out = ''

  function flush() {
    const text = out
    out = ''
    if (text !== '') parts.text(text)
  }

  /** An element or a tag that is whole, with nothing open around it. */
  function leave(name: string, raw: string, isTag: boolean) {
    if (watched.has(name) && !isTag) {
      flush()
      parts.element(name, raw)
    }
    if (!filtered.has(name)) out += raw
  }

  function take(text: string) {
    position += text.length
    if (open.length === 0) {
      out += text
      base = position
      return
    }
    held.push(text)
    while (open[0] && position - open[0].start > LONGEST_ELEMENT) giveBack()
  }

  /** The outermost element is none after all: what was held is text up to the next that is open. */
  function giveBack() {
    open.shift()
    const end = open[0]?.start ?? position
    for (const { name, start, end: last } of inner) {
      if (start >= end) break
      out += letGo(start)
      leave(name, letGo(last), isUnwrapped(name))
    }
    out += letGo(end)
    inner = inner.filter((span) => span.start >= end)
    if (open.length === 0) inCdata = false
  }

  /** What is held up to a place. */
  function letGo(end: number): string {
    let text = ''
    for (let [first] = held; first !== undefined && base < end; [first] = held) {
      const piece = first.slice(0, end - base)
      text += piece
      base += piece.length
      if (piece.length === first.length) held.shift()
      else held[0] = first.slice(piece.length)
    }
    return text
  }

  const isUnwrapped = (name: string): boolean => UNWRAPPED.has(name) && filtered.has(name)

  /** Something whole within what is held. */
  function note(span: Span) {
    inner = inner.filter(({ start }) => start < span.start)
    inner.push(span)
  }

  function takeTag({ name, form }: Tag, raw: string) {
    const start = position
    if (form === 'close' && !isUnwrapped(name)) return close(name, raw)
    if (form === 'open' && !isUnwrapped(name)) {
      open.push({ name, start, end: start })
      return take(raw)
    }
    if (open.length > 0) {
      take(raw)
      if (open.length > 0) note({ name, start, end: position })
      return
    }
    position += raw.length
    base = position
    leave(name, raw, isUnwrapped(name))
  }

  function close(name: string, raw: string) {
    const index = open.findLastIndex((span) => span.name === name)
    const start = open[index]?.start ?? 0
    if (index > 0) {
      open.length = index
      take(raw)
      if (open.length > 0) note({ name, start, end: position })
      return
    }
    if (index < 0) return take(raw)
    const text = held.join('') + raw
    position += raw.length
    base = position
    open.length = 0
    held = []
    inner = []
    leave(name, text, false)
  }

  /** Read on within CDATA. Gives the place behind it, or undefined where its end has not come. */
  function leaveCdata(text: string, from: number): number | undefined {
    const end = text.indexOf(CDATA_END, from)
    if (end >= 0) {
      inCdata = false
      take(text.slice(from, end + CDATA_END.length))
      return end + CDATA_END.length
    }
    const kept = text.endsWith(']]') ? 2 : text.endsWith(']') ? 1 : 0
    const last = Math.max(from, text.length - kept)
    cut = text.slice(last)
    take(text.slice(from, last))
    return
  }

  function read(text: string) {
    let from = 0
    for (let at = 0; ; ) {
      if (inCdata) {
        const end = leaveCdata(text, from)
        if (end === undefined) return
        from = at = end
        continue
      }
      at = text.indexOf('<', at)
      if (at < 0) return take(text.slice(from))
      if (at > from) take(text.slice(from, at))
      from = at
      if (open.length > 0 && startsWith(text, at, CDATA)) {
        if (text.length - at < CDATA.length) {
          cut = text.slice(at)
          return
        }
        inCdata = true
        from = at + CDATA.length
        take(CDATA)
        continue
      }
      const tag = readTag(text, at, names)
      if (tag === 'cut') {
        cut = text.slice(at)
        return
      }
      at++
      if (!tag) continue
      takeTag(tag, text.slice(from, tag.end))
      from = at = tag.end
    }
  }

  return {
    push(piece) {
      if (piece === '') return
      if (cut === '' && open.length === 0 && !piece.includes('<')) {
        position += piece.length
        base = position
        return parts.text(piece)
      }
      const text = cut + piece
      cut = ''
      read(text)
      flush()
    },

    end() {
      if (cut === '' && open.length === 0) return
      const text = cut
      cut = ''
      take(text)
      while (open.length > 0) giveBack()
      flush()
    },
  }
}

/** Whether a text goes on like this from here, as far as it came. */
const startsWith = (text: string, at: number, what: string): boolean =>
  text.length - at < what.length ? what.startsWith(text.slice(at)) : text.startsWith(what, at)

const NAME = /[\w:.-]/
const BLANK = /\s/

/** Read a tag of one of these names; `cut` where the text ends before that is decided. */
function readTag(text: string, at: number, names: ReadonlySet<string>): Tag | 'cut' | undefined {
  const isClose = text.charAt(at + 1) === '/'
  const begin = at + (isClose ? 2 : 1)
  let end = begin
  while (end < text.length && NAME.test(text.charAt(end))) end++
  const name = text.slice(begin, end).toLowerCase()
  if (end === text.length) return isBeginning(name, names) ? 'cut' : undefined
  if (!names.has(name)) return
  const last = endOfTag(text, end, at + LONGEST_TAG)
  if (last === undefined) return
  if (last === text.length) return 'cut'
  const isEmpty = text.charAt(last - 1) === '/'
  return { name, form: isClose ? 'close' : isEmpty ? 'empty' : 'open', end: last + 1 }
}

function isBeginning(text: string, names: ReadonlySet<string>): boolean {
  for (const name of names) if (name.startsWith(text)) return true
  return false
}

/** Where the `>` of a tag stands; the end of the text where it has not come, undefined where it cannot. */
function endOfTag(text: string, from: number, most: number): number | undefined {
  let quote = ''
  let expectsValue = false
  const first = text.charAt(from)
  if (first !== '>' && first !== '/' && !BLANK.test(first)) return
  for (let at = from; at < text.length; at++) {
    if (at > most) return
    const sign = text.charAt(at)
    if (quote !== '') {
      if (sign === quote) quote = ''
    } else if (sign === '>') return at
    else if (sign === '<') return
    else if ((sign === '"' || sign === "'") && expectsValue) {
      quote = sign
      expectsValue = false
    } else if (sign === '=') expectsValue = true
    else if (!BLANK.test(sign)) expectsValue = false
  }
  return text.length
}
