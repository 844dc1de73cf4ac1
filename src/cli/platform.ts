import { lookup } from 'node:dns/promises'
import uiStyle from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import uiScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import type { Config } from '../config'
import { randomToken } from '../crypto'
import type { Log } from '../log'
import { createDirectory } from '../media/directory'
import type { Hasher } from '../media/hasher'
import type { ObjectStore } from '../media/object-store'
import type { Platform, Self } from '../platform'
import { environmentKey } from '../store/keys'
import { createObjects } from '../store/objects'
import type { Tokenizer } from '../turn/tokenizer'
import { machineGround } from './ground'
import { machineConnect } from './machine-connect'
import { machineFetch } from './machine-fetch'
import type { Member } from './member'
import { mediaPath } from './paths'
import type { Place } from './process-messages'
import { createSnapshotFile, snapshotPath } from './snapshot-file'
import { createSockets, type Sockets } from './sockets'
import type { State } from './state'

const FILES = { 'swagger-ui-bundle.js': uiScript, 'swagger-ui.css': uiStyle }

/** Over how long background work is spread after the start. */
const SPREAD_MS = 30_000

interface MachinePlatform extends Platform {
  readonly setup: NonNullable<Platform['setup']>
  /** For the server, which has to know of them when it starts. */
  readonly sockets: Sockets
  /** Wait for the work that was left for later. */
  readonly settle: () => Promise<void>
}

/** A machine with Bun, as a platform. */
export function createPlatform(
  config: Config,
  { client, secret, vault }: State,
  log: Log,
  member?: Pick<Member, 'place' | 'siblings'>,
): MachinePlatform {
  const pending = new Set<Promise<unknown>>()
  let tokenizer: Tokenizer | undefined
  const sockets = createSockets()
  const { GROXY_API_KEY: ownKey } = config
  const snapshot = snapshotPath(config)
  return {
    config,
    ...(snapshot !== undefined && { keeping: createSnapshotFile(snapshot, config, vault) }),
    client,
    self: member ? selfAt(member.place) : ALONE,
    ...(member && { siblings: member.siblings }),
    ground: machineGround(config),
    objects: objectsOf(config, client),
    secret,
    log,
    later(work) {
      pending.add(work)
      work
        .catch((cause) => log.error('background_failed', { error: String(cause) }))
        .finally(() => pending.delete(work))
    },
    fetch: machineFetch(),
    connect: machineConnect(),
    canProxy: true,
    resolve,
    spreadMs: SPREAD_MS,
    now: Date.now,
    random: Math.random,
    compilesLate: true,
    digest,
    hasher,
    sharesWork: true,
    hashMemory: 256 * 1024 * 1024,
    async tokenizer() {
      if (tokenizer) return tokenizer
      const { createGptTokenizer } = await import('../turn/gpt-tokenizer')
      const { default: ranks } = await import('gpt-tokenizer/bpeRanks/cl100k_base')
      // Many turns may have waited for these: one of them makes it, which takes a while.
      tokenizer ??= createGptTokenizer(ranks)
      return tokenizer
    },
    processUse: () => {
      const { user, system } = process.cpuUsage()
      return {
        residentBytes: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / 1e6,
        startedAt: Date.now() / 1000 - process.uptime(),
      }
    },
    upgrade: sockets.upgrade,
    sockets,
    asset: async (name) => Bun.file(FILES[name]),
    environmentKey: ownKey ? environmentKey(ownKey, digest(ownKey), Date.now()) : new Map(),
    setup: { token: randomToken(24) },
    async settle() {
      await Promise.allSettled(pending)
    },
  }
}

const ALONE: Self = { worksBehind: true, processes: 1 }

const selfAt = ({ name, index, processes }: Place): Self => ({
  ...{ name, index, processes },
  worksBehind: index === 0,
})

/** The database writes to the same disk, as a rule, and nothing goes on without it. */
const SPARE_BYTES = 256 * 1024 * 1024

function objectsOf(config: Config, client: State['client']): ObjectStore {
  const path = mediaPath(config)
  if (path !== undefined) return createDirectory(path, SPARE_BYTES)
  return createObjects({ client, now: Date.now })
}

/** IPv4 first: many machines have IPv6 addresses and no way to use them. */
async function resolve(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true })
  return found.toSorted((a, b) => a.family - b.family).map(({ address }) => address)
}

const digest = (text: string): string => Bun.SHA256.hash(text, 'hex')

/** SHA-256 over bytes that come one after the other. */
export function hasher(): Hasher {
  const hash = new Bun.CryptoHasher('sha256')
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest('hex'),
  }
}
