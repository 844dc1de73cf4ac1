import type { ServerResponse } from 'node:http'
import { type Source, sourceOf } from './films'
import { type Incoming, reset, writable } from './server'

/** How a host of media misbehaves. */
export interface Manner {
  /** Refuse with this status. */
  readonly status?: number
  /** Lead to another address. */
  readonly redirect?: string
  /** Nothing, ever. */
  readonly hangs?: boolean
  /** Wait before the answer. */
  readonly delayMs?: number
  readonly bytesPerSecond?: number
  /** Milliseconds between two parts of 16 KiB. */
  readonly gapMs?: number
  /** Reset the connection after so many bytes. */
  readonly breaksAfter?: number
  /** Say nothing more after so many bytes. */
  readonly stallsAfter?: number
  /** What Content-Length says; null for none. */
  readonly length?: number | null
  /** What Content-Type says; null for none. */
  readonly type?: string | null
  /** Other bytes than the right ones, with status 200: a page, a drawing in SVG. */
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly ignoresRange?: boolean
  readonly hasNoEtag?: boolean
}

/** What is counted of something that is served. */
export interface Counts {
  /** How often it was asked for, by GET and by HEAD. */
  fetches: number
  heads: number
  /** How many answers are under way, and how many were at most. */
  open: number
  mostOpen: number
  /** Bytes of bodies that were written. */
  sent: number
}

export const noCounts = (): Counts => ({ fetches: 0, heads: 0, open: 0, mostOpen: 0, sent: 0 })

/** Something that is served, and how. */
export interface Served {
  readonly source: Source
  readonly type: string
  readonly etag: string
  readonly manner: Manner
  readonly counts: Counts
  readonly headers?: Readonly<Record<string, string>>
  /** Called with the status, before the head is written. */
  readonly onHead?: (status: number) => void
  /** Called before each part of a body. */
  readonly onBytes?: () => void
  /** Called when the answer is as complete as it will be. */
  readonly onEnd?: () => void
}

/** The first byte and the one after the last that a `Range` asks for; null when there are none. */
function readRange(line: string, size: number): readonly [from: number, to: number] | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(line.trim()) ?? []
  if (first === '' && last === '') return [0, size]
  if (first === '') return last === '0' ? null : [Math.max(0, size - Number(last)), size]
  const from = Number(first)
  const to = last === '' ? size : Math.min(Number(last) + 1, size)
  return from < to ? [from, to] : null
}

/** The head of an answer, and the part of the content that follows, if one does. */
function headOf(asked: Headers, { manner, type, etag, headers }: Served, size: number) {
  const said = manner.type === undefined ? type : manner.type
  const head: Record<string, string> = {
    ...headers,
    ...(said !== null && { 'content-type': said }),
    ...(!manner.hasNoEtag && { etag }),
    ...(!manner.ignoresRange && { 'accept-ranges': 'bytes' }),
  }
  const known = asked.get('if-none-match')?.split(/\s*,\s*/) ?? []
  if (known.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag))
    return { status: 304, head }
  const condition = asked.get('if-range')
  const isValid = !manner.ignoresRange && (condition === null || condition === etag)
  const line = isValid ? asked.get('range') : null
  const part = line === null ? ([0, size] as const) : readRange(line, size)
  if (!part) return { status: 416, head: { ...head, 'content-range': `bytes */${size}` } }
  const length = manner.length === undefined ? part[1] - part[0] : manner.length
  if (length !== null) head['content-length'] = String(length)
  if (line === null) return { status: 200, head, part }
  head['content-range'] = `bytes ${part[0]}-${part[1] - 1}/${size}`
  return { status: 206, head, part }
}

/** How much is written at once, and how long to wait then. */
function paceOf({ bytesPerSecond, gapMs }: Manner): readonly [piece: number, gapMs: number] {
  if (bytesPerSecond !== undefined) return [Math.max(1, Math.ceil(bytesPerSecond / 20)), 50]
  return gapMs ? [16_384, gapMs] : [65_536, 0]
}

/** Write a part of something, as slow and as broken as its manner is. */
async function send(
  out: ServerResponse,
  { manner, counts, onBytes, onEnd }: Served,
  { content, from, to }: { readonly content: Source; readonly from: number; readonly to: number },
): Promise<void> {
  const { breaksAfter, stallsAfter } = manner
  const end = Math.min(to, from + (breaksAfter ?? stallsAfter ?? to))
  const [piece, gap] = paceOf(manner)
  for (let at = from; at < end && !out.destroyed; at += piece) {
    // A turn of the event loop, without which other calls would wait for the whole of it.
    if (at > from) await (gap ? Bun.sleep(gap) : new Promise((resolve) => setImmediate(resolve)))
    onBytes?.()
    const bytes = content.read(at, Math.min(end, at + piece))
    counts.sent += bytes.length
    if (!out.write(bytes)) await writable(out)
  }
  if (stallsAfter !== undefined && !out.destroyed)
    await new Promise<void>((resolve) => out.on('close', resolve))
  // Let what was written leave first.
  if (breaksAfter !== undefined) await Bun.sleep(20)
  if (out.destroyed) return
  onEnd?.()
  if (breaksAfter === undefined) out.end()
  else reset(out)
}

async function answer(out: ServerResponse, asked: Incoming, served: Served): Promise<void> {
  const { manner, source, onHead, onEnd } = served
  if (manner.delayMs) await Promise.race([Bun.sleep(manner.delayMs), asked.gone])
  if (manner.hangs || out.destroyed) return asked.gone
  const finish = (status: number, head: Record<string, string>, text = '') => {
    onHead?.(status)
    onEnd?.()
    out.writeHead(status, head).end(text)
  }
  if (manner.redirect !== undefined) return finish(302, { location: manner.redirect })
  if (manner.status !== undefined)
    return finish(manner.status, { 'content-type': 'text/html' }, '<h1>The fake refuses.</h1>')
  const body = manner.body === undefined ? undefined : Buffer.from(manner.body as string)
  const content = body ? sourceOf(body) : source
  const { status, head, part } = headOf(asked.headers, served, content.size)
  if (!part || asked.method === 'HEAD') return finish(status, head)
  onHead?.(status)
  out.writeHead(status, head)
  out.flushHeaders()
  return send(out, served, { content, from: part[0], to: part[1] })
}

/** Answer a GET or a HEAD of something, and count it. */
export function serve(out: ServerResponse, asked: Incoming, served: Served): Promise<void> {
  const { counts } = served
  counts[asked.method === 'HEAD' ? 'heads' : 'fetches']++
  counts.open++
  counts.mostOpen = Math.max(counts.mostOpen, counts.open)
  out.on('close', () => {
    counts.open--
  })
  return answer(out, asked, served)
}
