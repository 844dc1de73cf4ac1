import { concatBytes } from '../stream/bytes'
import { readAnyUsage, type Usage } from './usage'

/** Reads along with an answer whose path is not known here. */
export interface UsageReader {
  push(bytes: Uint8Array): void
  /** What the bytes so far say that the turn took. */
  usage(): Usage | undefined
}

/** What is kept of a JSON text or of an event: upstreams write `usage` near the end. */
const MOST_KEPT = 64 * 1024
/** Places that are looked at in a text whose beginning is gone. */
const MOST_PLACES = 16

/** A reader of the `usage` in an answer of a type that may have one: JSON, or server-sent events. */
export function createUsageReader(contentType: string): UsageReader | undefined {
  if (/^text\/event-stream\b/i.test(contentType)) return createStreamReader()
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)
  return isJson ? createTextReader() : undefined
}

function createTextReader(): UsageReader {
  const tail = createTail()
  return {
    push: tail.push,
    usage: () => read(tail.take()),
  }
}

const LF = 10
const CR = 13

/** The last event that has a usage counts; those before it say less. */
function createStreamReader(): UsageReader {
  const tail = createTail()
  let last: Usage | undefined

  function endLine() {
    const { text, isWhole } = tail.take()
    if (isWhole && !text.startsWith('data:')) return
    last = read({ text: isWhole ? text.slice('data:'.length) : text, isWhole }) ?? last
  }

  return {
    push(bytes) {
      let from = 0
      for (let at = 0; at < bytes.length; at++) {
        if (bytes[at] !== LF && bytes[at] !== CR) continue
        tail.push(bytes.subarray(from, at))
        endLine()
        from = at + 1
      }
      tail.push(bytes.subarray(from))
    },
    usage() {
      endLine()
      return last
    },
  }
}

interface Tail {
  readonly text: string
  readonly isWhole: boolean
}

/** The end of what passes by, copied: the bytes themselves go on to the client. */
function createTail() {
  let pieces: Uint8Array[] = []
  let size = 0
  let isWhole = true

  function shorten() {
    const all = concatBytes(pieces)
    pieces = [all.slice(-MOST_KEPT)]
    size = MOST_KEPT
    isWhole = false
  }

  return {
    push(bytes: Uint8Array): void {
      if (bytes.length === 0) return
      const kept = bytes.slice(-MOST_KEPT)
      if (kept.length < bytes.length) isWhole = false
      pieces.push(kept)
      size += kept.length
      if (size > 2 * MOST_KEPT) shorten()
    },

    /** The text so far; then it begins anew. */
    take(): Tail {
      if (size > MOST_KEPT) shorten()
      const tail = { text: size > 0 ? new TextDecoder().decode(concatBytes(pieces)) : '', isWhole }
      pieces = []
      size = 0
      isWhole = true
      return tail
    },
  }
}

function read({ text, isWhole }: Tail): Usage | undefined {
  if (!text.includes('"usage"')) return
  const found = isWhole ? usageIn(parse(text)) : lastUsage(text)
  return found && readAnyUsage(found)
}

/**
 * The usage in the end of a JSON text. Only a member of the outermost object, or of its `response`,
 * leaves a text that is JSON again when all before it is left out; what a model has said is neither.
 */
function lastUsage(text: string): Record<string, unknown> | undefined {
  const ends: string[] = []
  for (let at = text.length; at > 0 && ends.length < MOST_PLACES; ) {
    at = text.lastIndexOf('"usage"', at - 1)
    if (at < 0) break
    ends.push(text.slice(at))
  }
  return firstUsage(ends, '{') ?? firstUsage(ends, '{"response":{')
}

function firstUsage(ends: readonly string[], before: string) {
  for (const end of ends) {
    const found = usageIn(parse(before + end))
    if (found) return found
  }
  return
}

/** Streams of the Responses API have it within `response`. */
const usageIn = (answer: Record<string, unknown> | undefined) =>
  asObject(answer?.usage) ?? asObject(asObject(answer?.response)?.usage)

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return
  }
}

const asObject = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
