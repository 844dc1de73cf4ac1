import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@libsql/client/web'
import { newId } from '#src/crypto'
import { createSources } from '#src/dispatch/sources'
import { ApiError } from '#src/errors'
import { createLog } from '#src/log'
import { createMediaCache } from '#src/media/cache'
import { createDirectory } from '#src/media/directory'
import type { FetchSource } from '#src/media/flights'
import { createLinks } from '#src/media/links'
import type { ObjectStore } from '#src/media/object-store'
import type { GuardedOpen } from '#src/net/guarded-open'
import type { Http } from '#src/net/http'
import type { Account } from '#src/pool/account'
import { newMember } from '#src/pool/member'
import { openFile } from '#src/store/file'
import { createMediaRows } from '#src/store/media'
import { migrate } from '#src/store/migrate'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import type { Upstream } from '#src/upstream/upstream'

interface Options {
  readonly settings?: Partial<Settings>
  readonly sharesWork?: boolean
  readonly client?: Client
  readonly objects?: ObjectStore
  /** Where the objects are, if not in a directory of its own. */
  readonly root?: string
  /** Added to the clock. */
  readonly ahead?: () => number
}

export const ORIGIN = 'https://groxy.example'

/** A cache over real files, a real database and real connections. */
export async function mediaCache(options: Options = {}) {
  await using stack = new AsyncDisposableStack()
  const own = await mkdtemp(join(tmpdir(), 'groxy-media-'))
  stack.defer(() => rm(own, { recursive: true, force: true }))
  const root = options.root ?? own
  const client = options.client ?? stack.adopt(openFile(':memory:'), (opened) => opened.close())
  if (!options.client) await migrate(client)
  const settings = (): Settings => ({ ...DEFAULT_SETTINGS, ...options.settings })
  const now = () => Date.now() + (options.ahead?.() ?? 0)
  const pending = new Set<Promise<unknown>>()
  stack.defer(async () => void (await Promise.allSettled(pending)))
  const lines: string[] = []
  const stored: number[] = []
  const index = createMediaRows(client, now)
  const objects = options.objects ?? createDirectory(root)
  const fetchSource: FetchSource = async ({ url }, { signal }, range) => {
    const response = await fetch(url, { signal, ...(range && { headers: { range } }) })
    if (response.ok) return response
    throw new ApiError('media_unavailable', `The upstream answered ${response.status}.`)
  }
  const cache = createMediaCache({
    ...{ index, objects, fetchSource, settings, now, newId },
    hasher,
    later: (work) => void pending.add(work.catch(() => {})),
    sharesWork: options.sharesWork ?? true,
    reach: (question) => question,
    onStored: (bytes) => void stored.push(bytes),
    links: createLinks({ secret: 'a secret for tests', settings, now }),
    log: createLog({ level: 'debug', write: (line) => lines.push(line), readable: false, now }),
  })
  const kept = stack.move()
  return {
    ...{ cache, index, objects, root, lines, stored, client },
    publish: (url: string, sort: 'image' | 'video' = 'image') =>
      cache.publish({ accountId: 'a1', keyId: 'k1', model: 'm1', url, sort, origin: ORIGIN }),
    settle: () => Promise.allSettled(pending),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type MediaWorld = Awaited<ReturnType<typeof mediaCache>>

interface Unpublished {
  readonly http: Http
  readonly openPublic: GuardedOpen
  readonly upstream: () => Upstream
  readonly accountOf: (id: string) => Account
  readonly assetsUrl: string
  readonly settings: () => Settings
}

/** A cache whose database is away: it has no addresses to give, and fetches what is asked for each time. */
export function unpublished(parts: Unpublished) {
  const { http, openPublic, upstream, accountOf, assetsUrl, settings } = parts
  const client = openFile(':memory:')
  client.close()
  const pool = {
    member: (id: string) => newMember(accountOf(id)),
    setRest() {},
  }
  return createMediaCache({
    ...{ settings, now: Date.now, newId, hasher, sharesWork: true },
    index: createMediaRows(client, Date.now),
    objects: createDirectory(tmpdir()),
    fetchSource: createSources({
      ...{ pool, http, openPublic, now: Date.now },
      upstreams: () => ({ xai: {}, openai: {}, demo: {}, web: upstream() }),
      isPrivate: (url) => url.startsWith(assetsUrl),
    }),
    later: () => {},
    reach: (question) => question,
    onStored: () => {},
    links: createLinks({ secret: 'a secret for tests', settings, now: Date.now }),
    log: createLog({ level: 'silent', write() {}, readable: false, now: Date.now }),
  })
}

function hasher() {
  const hash = new Bun.CryptoHasher('sha256')
  return {
    update(bytes: Uint8Array) {
      hash.update(bytes)
    },
    digest: () => hash.digest('hex'),
  }
}

/** Why something is not to be had. */
export async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const cause = await work.then(
    () => undefined,
    (problem: unknown) => problem,
  )
  if (cause instanceof ApiError) return cause
  throw new Error(`That is no refusal: ${cause}`)
}

/** All files that a world has kept or has begun to. */
export async function filesOf({ root }: Pick<MediaWorld, 'root'>): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** All bytes of something. */
export const readAll = async ({ cache }: Pick<MediaWorld, 'cache'>, name: string) =>
  bytesOf(await (await cache.open(name)).read(0))

/** All of a stream. */
export const bytesOf = (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Response(stream).bytes()
