import { concatBytes } from './bytes'

/** Takes the data of one server-sent event; its `event:` name only when it has one. */
export type EventSink = (data: string, name?: string) => void

/** More than any event of a model can be; a line without an end must not fill the memory. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024

const LF = 10
const CR = 13

/**
 * Reads server-sent events from bytes, however the network cut them, by the rules of the WHATWG
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream): LF, CR
 * or CRLF, comments, several `data` lines, no space after the colon, a BOM. Unlike a browser it
 * gives out a last event that lacks its blank line.
 */
export function createEventReader(sink: EventSink) {
  const decoder = new TextDecoder()
  /** Bytes of a line whose end has not come yet. Cut at line ends only, no sign is ever split. */
  let rest: Uint8Array[] = []
  let restBytes = 0
  let endedWithCr = false
  let data: string | undefined
  let name: string | undefined

  function dispatch() {
    if (data !== undefined) sink(data, name)
    data = undefined
    name = undefined
  }

  function line(text: string) {
    if (text === '') return dispatch()
    const colon = text.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? text : text.slice(0, colon)
    const start = text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1
    const value = colon < 0 ? '' : text.slice(start)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') name = value
  }

  /** Says whether the text was nothing but events of one `data: ` line each. */
  function lines(text: string): boolean {
    let plain = data === undefined && name === undefined
    let at = 0
    while (at < text.length) {
      const end = text.indexOf('\n', at)
      if (end < 0) break
      if (data === undefined && name === undefined) {
        if (text.charCodeAt(end + 1) === LF && text.startsWith('data: ', at)) {
          sink(text.slice(at + 6, end))
          at = end + 2
          continue
        }
        const last = endOfNamed(text, at, end)
        if (last > 0) {
          plain = false
          sink(text.slice(end + 7, last), text.slice(at + 7, end))
          at = last + 2
          continue
        }
      }
      plain = false
      line(text.slice(at, end))
      at = end + 1
    }
    return plain
  }

  /** The line that was cut, and all after it: only the line is copied. */
  function joined(whole: Uint8Array): string {
    const cut = whole.indexOf(LF) + 1 || whole.length
    const line = decoder.decode(concatBytes([...rest, whole.subarray(0, cut)]))
    return cut === whole.length ? line : line + decoder.decode(whole.subarray(cut))
  }

  return {
    /**
     * Give out the events that end within these bytes. Says whether the bytes were whole events
     * in their simplest form, so that they may be passed on as they are.
     */
    push(bytes: Uint8Array): boolean {
      const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1
      const hadRest = restBytes > 0
      if (end < bytes.length) restBytes += bytes.length - end
      if (end === 0) {
        rest.push(bytes)
        if (restBytes > MAX_PENDING_BYTES) throw new RangeError('An event has no end.')
        return false
      }
      const whole = end === bytes.length ? bytes : bytes.subarray(0, end)
      let text = hadRest ? joined(whole) : decoder.decode(whole)
      rest = end === bytes.length ? [] : [bytes.subarray(end)]
      restBytes = bytes.length - end
      const simple = !hadRest && restBytes === 0 && !endedWithCr && !text.includes('\r')
      if (simple) return lines(text)
      if (endedWithCr && text.startsWith('\n')) text = text.slice(1)
      endedWithCr = text.endsWith('\r')
      lines(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'))
      return false
    },

    /** The bytes have ended: give out what is left. */
    end() {
      if (restBytes > 0) line(decoder.decode(concatBytes(rest)))
      rest = []
      restBytes = 0
      dispatch()
    },
  }
}

/** Where the data ends of an event that is one line `event: ` and one line `data: `; else -1. */
function endOfNamed(text: string, at: number, end: number): number {
  if (!text.startsWith('event: ', at) || !text.startsWith('data: ', end + 1)) return -1
  const last = text.indexOf('\n', end + 1)
  return text.charCodeAt(last + 1) === LF ? last : -1
}
