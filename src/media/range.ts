/** What of something is wanted, from a byte on and up to but without another. */
export type Wanted =
  | { readonly is: 'whole' }
  | { readonly is: 'part'; readonly from: number; readonly to: number }
  | { readonly is: 'nothing' }

const WHOLE: Wanted = { is: 'whole' }
const NOTHING: Wanted = { is: 'nothing' }
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i

/**
 * Read the header `Range`, for something of so many bytes. What cannot be read, other units and more than
 * one range at once are ignored, as a server may: the whole is the answer to them.
 */
export function readRange(header: string | null, size: number): Wanted {
  if (header === null) return WHOLE
  const [, first = '', last = ''] = ONE_RANGE.exec(header.trim()) ?? []
  if (first === '' && last === '') return WHOLE
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? NOTHING : { is: 'part', from: size - length, to: size }
  }
  const from = Number(first)
  const to = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < from) return WHOLE
  return from < size ? { is: 'part', from, to } : NOTHING
}

/** What tells one version of something from another. */
export interface Version {
  /** A strong one, in quotes; undefined while nobody knows. */
  readonly etag: string | undefined
  /** In milliseconds since 1970. */
  readonly modifiedAt: number
}

/** Whether a client has what it asks for already: by `If-None-Match`, else by `If-Modified-Since`. */
export function isKnown(headers: Headers, { etag, modifiedAt }: Version): boolean {
  const tags = headers.get('if-none-match')
  if (tags !== null) {
    if (tags.trim() === '*') return true
    return etag !== undefined && (tags.match(TAG) ?? []).some((tag) => weak(tag) === etag)
  }
  const since = dateIn(headers.get('if-modified-since'))
  return since !== undefined && inSeconds(modifiedAt) <= since
}

/** Whether the part that is asked for belongs to the version that a client has, by `If-Range`. */
export function isSameVersion(headers: Headers, { etag, modifiedAt }: Version): boolean {
  const condition = headers.get('if-range')?.trim()
  if (condition === undefined) return true
  if (condition.endsWith('"')) return condition === etag
  return dateIn(condition) === inSeconds(modifiedAt)
}

const TAG = /(?:W\/)?"[^"]*"/g

const weak = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag)

const inSeconds = (ms: number): number => Math.floor(ms / 1000)

/** In seconds since 1970. */
function dateIn(header: string | null | undefined): number | undefined {
  // Other texts than a date's may look like one to the parser.
  if (!header || !/^[A-Za-z]{3,9},? .*\d\d:\d\d:\d\d/.test(header)) return
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : inSeconds(at)
}
