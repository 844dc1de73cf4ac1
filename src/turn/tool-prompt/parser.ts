import type { TurnEvent } from '../event'
import { callable, readCall } from './call'
import { CALL, type ClientTool } from './form'

interface ParserParts {
  readonly newId: () => string
  /** What may be called: any other call is text. */
  readonly tools: readonly ClientTool[]
}

/** Where the text of one choice stands. */
interface Place {
  readonly choice: number
  /** Text that may turn out to be the beginning of a tag; within a call all of it so far. */
  held: string
  /** What stood before the call that is being read, its tag included; undefined within text. */
  opened: string | undefined
  /** How far the call was looked at, whether that is within a JSON string, and how deep. */
  scanned: number
  inString: boolean
  depth: number
  /** Where a call ends if its quotes do not match. */
  doubtful: number | undefined
  /** Whether there was a call, and whether nothing was said since. */
  called: boolean
  afterCall: boolean
  /** The call is whole, and its last tag may be yet to come. */
  untagged: boolean
}

/** Line breaks around a call belong to its form; who writes more of them than this means them. */
const MOST_BLANKS = 1_000

/** What stands between the tag and the call proper. */
const BEGUN = /^\s*(?:```\w*\s*)?\{/
const BEGINNING = /^\s*(?:`{0,2}|```\w*\s*)$/
/** What may stand between the call and its last tag. */
const AFTER = /^[\s}\]`;]*/

/**
 * Finds the calls of tools in what a model says, while it says it. No piece of a tag ever gets out;
 * what looked like a call and is none comes out as the text it was.
 */
export function createCallParser({ newId, tools }: ParserParts) {
  const known = callable(tools)
  const places = new Map<number, Place>()

  function placeOf(choice: number): Place {
    const place = places.get(choice) ?? newPlace(choice)
    places.set(choice, place)
    return place
  }

  /** Take a text for a call. Says whether it is one. */
  function call(place: Place, body: string, out: TurnEvent[]): boolean {
    const found = readCall(body, known)
    if (!found) return false
    const { choice } = place
    out.push({ type: 'call', choice, id: `call_${newId()}`, ...found.tool })
    if (found.arguments) out.push({ type: 'arguments', choice, text: found.arguments })
    place.called = true
    place.afterCall = true
    place.opened = undefined
    return true
  }

  /** The text between tags is a call; else it is text, tags and all. */
  function close(place: Place, body: string, tag: string, out: TurnEvent[]): void {
    const before = place.opened ?? ''
    place.opened = undefined
    if (!call(place, body, out)) say(place, before + body + tag, out)
  }

  /** Read on within a call. Says whether it is over. */
  function readBody(place: Place, out: TurnEvent[]): boolean {
    const { held } = place
    if (place.scanned === 0) {
      if (!BEGUN.test(held)) {
        if (held.length <= MOST_BLANKS && BEGINNING.test(held)) return false
        close(place, '', '', out)
        return true
      }
      place.scanned = held.indexOf('{')
    }
    for (let at = place.scanned; at < held.length; at++) {
      place.scanned = at
      const char = held.charAt(at)
      if (place.inString) {
        // What it escapes may still be on its way.
        if (char === '\\' && at++ + 1 === held.length) return false
        if (char === '"') place.inString = false
      } else if (char === '"') place.inString = true
      else if (char === '{' || char === '[') place.depth++
      else if ((char === '}' || char === ']') && --place.depth === 0) {
        if (call(place, held.slice(0, at + 1), out)) {
          place.held = held.slice(at + 1)
          place.untagged = true
          return true
        }
        place.depth = Number.NaN
      }
      if (char !== '<') continue
      const tag = [CALL.close, CALL.open].find((it) => held.startsWith(it, at))
      if (!tag && isCut(held, at)) return false
      if (tag && !place.inString) {
        // The next call may begin before the last one was ended.
        const isEnd = tag === CALL.close
        place.held = held.slice(isEnd ? at + tag.length : at)
        close(place, held.slice(0, at), isEnd ? tag : '', out)
        return true
      }
      if (tag === CALL.close) place.doubtful ??= at
    }
    place.scanned = held.length
    return false
  }

  /** A call needs no last tag, and some models put several calls between two tags. */
  function readTag(place: Place): boolean {
    const { held } = place
    const rest = held.replace(AFTER, '')
    if (CALL.close.startsWith(rest)) {
      // Some models write blanks for as long as they are let.
      if (held.length > MOST_BLANKS) place.held = rest
      place.untagged = rest !== CALL.close
      if (!place.untagged) place.held = ''
      return !place.untagged
    }
    place.untagged = false
    if (rest.startsWith(CALL.close)) place.held = rest.slice(CALL.close.length)
    else if (/^\s*\{/.test(held)) open(place, '', held)
    return true
  }

  /** Let out what cannot be part of a call, and note where one begins. Says whether one does. */
  function readText(place: Place, out: TurnEvent[]): boolean {
    if (place.afterCall) place.held = place.held.trimStart()
    const { held } = place
    const at = held.indexOf(CALL.open)
    const end = at < 0 ? heldFrom(held) : held.slice(0, at).trimEnd().length
    say(place, held.slice(0, end), out)
    if (at < 0) {
      place.held = held.slice(end)
      return false
    }
    const begin = at + CALL.open.length
    open(place, held.slice(end, begin), held.slice(begin))
    return true
  }

  function read(place: Place, out: TurnEvent[]): void {
    for (let more = true; more; ) {
      if (place.untagged) more = readTag(place)
      else more = place.opened === undefined ? readText(place, out) : readBody(place, out)
    }
  }

  /** Nothing more comes: what was held back is decided. */
  function finish(place: Place, out: TurnEvent[]): void {
    while (place.opened !== undefined) {
      const { held, doubtful } = place
      if (doubtful === undefined) {
        place.held = ''
        close(place, held, '', out)
        break
      }
      place.held = held.slice(doubtful + CALL.close.length)
      close(place, held.slice(0, doubtful), CALL.close, out)
      read(place, out)
    }
    // A last tag that was cut off is not said.
    if (!place.untagged) say(place, place.afterCall ? place.held.trimStart() : place.held, out)
    place.untagged = false
    place.held = ''
  }

  return {
    /** What is to be passed on for an event of the model's. */
    push(event: TurnEvent): readonly TurnEvent[] {
      if (event.type === 'usage') return [event]
      const place = placeOf(event.choice)
      const out: TurnEvent[] = []
      if (event.type === 'text') {
        if (isPlain(place, event.text)) return [event]
        place.held += event.text
        read(place, out)
        return out
      }
      if (event.type === 'finish') {
        finish(place, out)
        const isCall = place.called && event.reason === 'stop'
        out.push(isCall ? { ...event, reason: 'tool_calls' } : event)
        return out
      }
      // A piece of another sort ends the text before it; a call goes on behind it.
      if (place.opened === undefined && !place.untagged) finish(place, out)
      out.push(event)
      return out
    },

    /** The model has said all, whether or not it has finished. */
    end(): readonly TurnEvent[] {
      const out: TurnEvent[] = []
      for (const place of places.values()) finish(place, out)
      return out
    },
  }
}

const newPlace = (choice: number): Place => ({
  choice,
  held: '',
  opened: undefined,
  scanned: 0,
  inString: false,
  depth: 0,
  doubtful: undefined,
  called: false,
  afterCall: false,
  untagged: false,
})

function open(place: Place, before: string, held: string): void {
  place.opened = before
  place.held = held
  place.scanned = 0
  place.inString = false
  place.depth = 0
  place.doubtful = undefined
}

function say(place: Place, text: string, out: TurnEvent[]): void {
  if (text === '') return
  place.afterCall = false
  out.push({ type: 'text', choice: place.choice, text })
}

/** Most of what is said needs no second look. */
const isPlain = (place: Place, text: string): boolean =>
  place.opened === undefined &&
  !place.untagged &&
  place.held === '' &&
  !place.afterCall &&
  !text.includes('<') &&
  !/\s$/.test(text)

/** Whether a text ends within what may become a tag from here. */
const isCut = (text: string, at: number): boolean => {
  const end = text.slice(at, at + CALL.close.length)
  return (
    at + end.length === text.length && (CALL.close.startsWith(end) || CALL.open.startsWith(end))
  )
}

/** From where a text has to be held back: what may begin a tag, and the blanks before it. */
function heldFrom(text: string): number {
  let end = text.length
  for (let size = Math.min(CALL.open.length - 1, end); size > 0; size--)
    if (text.endsWith(CALL.open.slice(0, size))) {
      end -= size
      break
    }
  const blank = text.slice(0, end).trimEnd().length
  return text.length - blank > MOST_BLANKS ? end : blank
}

export type CallParser = ReturnType<typeof createCallParser>
