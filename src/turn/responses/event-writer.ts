import { flat, quote } from '../json-text'

/** Writes the events of one stream, numbered from 0 without gaps. */
export interface EventWriter {
  /** Whether anyone reads them; if not, nothing is written and nothing need be prepared. */
  readonly live: boolean
  /** One event. Its members are JSON, each with a comma before it. */
  event(type: string, members: string): string
  /** Events of one type that differ in a text only, and are many. */
  series(type: string, before: string, after?: string): (text: string) => string
}

/** @param after the number of the last event that the reader already has */
export function createEventWriter(live: boolean, after = -1): EventWriter {
  let sequence = 0
  return {
    live,
    event(type, members) {
      if (!live || sequence++ < after + 1) return ''
      return `${headOf(type)}${sequence - 1}${members}}\n\n`
    },
    series(type, before, behind = '') {
      const head = flat(headOf(type))
      const middle = flat(before, ',"delta":')
      const tail = flat(behind, '}\n\n')
      return (text) => {
        if (!live || sequence++ < after + 1) return ''
        return head + (sequence - 1) + middle + quote(text) + tail
      }
    },
  }
}

const headOf = (type: string) => `event: ${type}\ndata: {"type":"${type}","sequence_number":`
