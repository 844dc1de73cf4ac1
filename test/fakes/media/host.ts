import { createHash, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Source, sourceOf } from './films'
import { type Incoming, type Reply, reset, writable } from './server'

/** How the media host misbehaves. */
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

/** Something that can be fetched from the media host. */
export interface Hosted {
  readonly path: string
  readonly url: string
  readonly type: string
  readonly etag: string
  /** What is right, at any place. */
  readonly source: Source
  /** To be changed at any time. */
  manner: Manner
  /** How often it was asked for, by GET and by HEAD. */
  readonly fetches: number
  readonly heads: number
  /** How many answers are under way, and how many were at most. */
  readonly open: number
  readonly mostOpen: number
  /** Bytes of bodies that were written. */
  readonly sent: number
}

type Counted = { -readonly [Field in keyof Hosted]: Hosted[Field] }

/** How something is put there. */
export interface HostedOptions {
  readonly content: Uint8Array<ArrayBuffer> | Source
  readonly type: string
  /** Below the host, without a slash before it; by default unguessable. */
  readonly path?: string
  readonly manner?: Manner
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

const PIECE = 65_536

/** Write a part of something, as slow and as broken as its manner is. */
async function send(out: ServerResponse, hosted: Counted, [from, to]: readonly [number, number]) {
  const { manner, source } = hosted
  const { bytesPerSecond, breaksAfter, stallsAfter } = manner
  const wrong = manner.body === undefined ? undefined : Buffer.from(manner.body as string)
  const content = wrong ? sourceOf(wrong) : source
  const end = Math.min(to, from + (breaksAfter ?? stallsAfter ?? to))
  const piece = bytesPerSecond ? Math.max(1, Math.ceil(bytesPerSecond / 20)) : PIECE
  for (let at = from; at < end && !out.destroyed; at += piece) {
    const bytes = content.read(at, Math.min(end, at + piece))
    hosted.sent += bytes.length
    if (!out.write(bytes)) await writable(out)
    // A turn of the event loop, without which other calls would wait for the whole of it.
    await (bytesPerSecond ? Bun.sleep(50) : new Promise((resolve) => setImmediate(resolve)))
  }
  if (stallsAfter !== undefined && !out.destroyed)
    await new Promise<void>((resolve) => out.on('close', resolve))
  if (breaksAfter === undefined) {
    out.end()
    return
  }
  // Let what was written leave first.
  await Bun.sleep(20)
  reset(out)
}

/** The part that is asked for and the head of its answer; undefined for one without a body. */
function headOf({ headers: asked }: Incoming, hosted: Counted, size: number) {
  const { manner, etag } = hosted
  const type = manner.type === undefined ? hosted.type : manner.type
  const head: Record<string, string> = {
    ...(type !== null && { 'content-type': type }),
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

/** Where made pictures and films lie, and how often they are fetched. */
export function createHost(origin: () => string) {
  const byPath = new Map<string, Counted>()
  let standing: Manner = {}

  async function serve(out: ServerResponse, asked: Incoming, hosted: Counted): Promise<void> {
    const { manner, source } = hosted
    await Bun.sleep(manner.delayMs ?? 0)
    if (manner.hangs) return asked.gone
    if (manner.redirect !== undefined) {
      out.writeHead(302, { location: manner.redirect }).end()
      return
    }
    if (manner.status !== undefined) {
      out.writeHead(manner.status, { 'content-type': 'text/html' }).end('<h1>No.</h1>')
      return
    }
    const size = manner.body === undefined ? source.size : Buffer.byteLength(manner.body)
    const { status, head, part } = headOf(asked, hosted, size)
    out.writeHead(status, head)
    if (!part || asked.method === 'HEAD') {
      out.end()
      return
    }
    out.flushHeaders()
    await send(out, hosted, part)
  }

  function put({ content, type, path, manner = standing }: HostedOptions): Hosted {
    const source = content instanceof Uint8Array ? sourceOf(content) : content
    const at = `/media/${path ?? randomUUID()}`
    const start = source.read(0, Math.min(source.size, 1_048_576))
    const hash = createHash('md5').update(start).update(String(source.size)).digest('hex')
    const hosted: Counted = {
      ...{ path: at, url: origin() + at, type, etag: `"${hash}"`, source, manner },
      ...{ fetches: 0, heads: 0, open: 0, mostOpen: 0, sent: 0 },
    }
    byPath.set(at, hosted)
    return hosted
  }

  return {
    put,
    /** All that was put there, in order. */
    all: (): readonly Hosted[] => [...byPath.values()],
    /** What lies at an address or a path. */
    at: (address: string): Hosted | undefined => byPath.get(address.replace(origin(), '')),
    /** How everything is served that is put there from now on. */
    manner(next: Manner): void {
      standing = next
    },
    answer(asked: Incoming): Reply {
      const hosted = byPath.get(asked.url.pathname)
      if (!hosted) return new Response('Not Found', { status: 404 })
      if (asked.method !== 'GET' && asked.method !== 'HEAD')
        return new Response('Method Not Allowed', { status: 405 })
      hosted[asked.method === 'HEAD' ? 'heads' : 'fetches']++
      return async (out) => {
        hosted.open++
        hosted.mostOpen = Math.max(hosted.mostOpen, hosted.open)
        out.on('close', () => {
          hosted.open--
        })
        await serve(out, asked, hosted)
      }
    },
  }
}

export type Host = ReturnType<typeof createHost>
