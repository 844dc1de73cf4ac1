import { existsSync, statSync } from 'node:fs'
import type { Client } from '@libsql/client/web'
import type { Config } from '../config'
import { SetupError } from '../errors'
import type { MeasuredStore } from '../media/copy-objects'
import { createDirectory } from '../media/directory'
import { enduring } from '../store/enduring'
import { openFile } from '../store/file'
import { explainLaterFault } from '../store/file-fault'
import { createObjects } from '../store/objects'
import type { Patient } from '../store/patient'
import { UsageError } from './command'
import { filePath, mediaPath } from './paths'

/** A database that is copied, or copied to, with the place of its pictures, videos and files. */
export interface CopyEnd {
  /** What it is called in what is said; without what is secret in its address. */
  readonly name: string
  /** Of a file. */
  readonly path: string | undefined
  readonly client: Client
  /** The same, for who can wait. */
  readonly asked: Patient
  readonly objects: MeasuredStore
  /** The directory of objects; undefined where they are in the database. */
  readonly directory: string | undefined
  readonly close: () => void
}

interface EndOptions {
  readonly config: Config
  readonly token: string | undefined
  /** Nothing is written to it. */
  readonly reading: boolean
  readonly patienceMs: number
  readonly onWait: (cause: unknown) => void
  readonly check: () => void
}

/** What stays free on the disk that pictures, videos and files are copied to. */
const SPARE_BYTES = 256 * 1024 * 1024

/** Open one end. @throws SetupError when a file is not there that is to be read */
export async function openEnd(options: EndOptions): Promise<CopyEnd> {
  const { config, reading } = options
  const path = filePath(config)
  const directory = mediaPath(config)
  const spare = reading ? 0 : SPARE_BYTES
  if (path !== undefined) {
    if (reading && !existsSync(path))
      throw new SetupError(`There is no database at ${path}.`, 'Check the address.')
    const client = openFile(path, { exact: true, reading })
    const asked = explained(path, client)
    const objects = createDirectory(directory ?? '', spare)
    return {
      name: `file:${path}`,
      path,
      client,
      asked,
      objects,
      directory,
      close: () => client.close(),
    }
  }
  const { LONG_CALL_MS, openRemote } = await import('../store/remote')
  const { DATABASE_URL: url } = config
  const open = (exact: boolean) => openRemote(url, options.token, { limitMs: LONG_CALL_MS, exact })
  const client = open(true)
  const plain = open(false)
  const { patienceMs, onWait, check } = options
  const patiently = (one: Client) =>
    enduring({ client: one, patienceMs, now: Date.now, onWait, check })
  return {
    name: serverName(url),
    path,
    client,
    asked: patiently(client),
    objects:
      directory === undefined
        ? createObjects({ client: patiently(plain), now: Date.now })
        : createDirectory(directory, spare),
    directory,
    close() {
      client.close()
      plain.close()
    },
  }
}

const explained = (path: string, client: Client): Patient => ({
  execute: (...parts: Parameters<Client['execute']>) =>
    explainLaterFault(path, client.execute(...parts)),
  batch: (...parts: Parameters<Client['batch']>) => explainLaterFault(path, client.batch(...parts)),
})

/** Where a server is, without tokens and passwords. */
function serverName(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

/** @throws UsageError when an address is none, or both are the same */
export function checkAddresses(from: string, to: string): void {
  for (const url of [from, to])
    if (!/^(file|libsql|https?|wss?):./.test(url) || url === 'file::memory:' || !isAddress(url))
      throw new UsageError(
        `"${url}" is no address of a database that can be copied.`,
        'It is file:PATH, or libsql: or https: of a libSQL server.',
      )
  if (isSameAddress(from, to))
    throw new UsageError('Both addresses are the same.', 'Say where the copy is to be with --to.')
}

const isAddress = (url: string): boolean => url.startsWith('file:') || URL.canParse(url)

/** Whether two addresses name one database, however they are written. */
export const isSameAddress = (one: string, other: string): boolean =>
  placeOf(one) === placeOf(other)

/** What tells two addresses apart. */
function placeOf(url: string): string {
  const path = filePath({ DATABASE_URL: url } as Config)
  if (path === undefined) return serverName(url).replace(/^\w+:/, '')
  const file = statSync(path, { throwIfNoEntry: false })
  // A file may have several names, by links of either kind.
  return file ? `${file.dev} ${file.ino}` : path
}
