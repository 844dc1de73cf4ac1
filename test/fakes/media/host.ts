import { createHash, randomUUID } from 'node:crypto'
import { type Source, sourceOf } from './films'
import type { Incoming, Reply } from './server'
import { type Counts, type Manner, noCounts, serve } from './serving'

/** Something that can be fetched from the media host. */
export interface Hosted extends Readonly<Counts> {
  readonly path: string
  readonly url: string
  readonly type: string
  readonly etag: string
  /** What is right, at any place. */
  readonly source: Source
  /** To be changed at any time. */
  manner: Manner
}

/** How something is put there. */
export interface HostedOptions {
  readonly content: Uint8Array<ArrayBuffer> | Source
  readonly type: string
  /** Below the host, without a slash before it; by default unguessable. */
  readonly path?: string
  readonly manner?: Manner
}

/** A tag for content, of which the beginning and the size are enough here. */
export function etagOf(source: Source): string {
  const start = source.read(0, Math.min(source.size, 1_048_576))
  const hash = createHash('md5').update(start).update(String(source.size))
  return `"${hash.digest('hex')}"`
}

/** Where made pictures and films lie, and how often they are fetched. */
export function createHost(origin: () => string) {
  const byPath = new Map<string, Hosted & Counts>()
  let standing: Manner = {}

  function put({ content, type, path, manner = standing }: HostedOptions): Hosted {
    const source = content instanceof Uint8Array ? sourceOf(content) : content
    const at = `/media/${path ?? randomUUID()}`
    const about = { path: at, url: origin() + at, type, etag: etagOf(source), source, manner }
    const hosted = { ...about, ...noCounts() }
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
      const { source, type, etag, manner } = hosted
      return (out) => serve(out, asked, { source, type, etag, manner, counts: hosted })
    },
  }
}

export type Host = ReturnType<typeof createHost>
