import type { Client } from '@libsql/client/web'
import { type Config, readConfig } from './config'
import { newRequestId } from './crypto'
import { ApiError, SetupError } from './errors'
import type { Bucket } from './media/bucket'
import { openRemote } from './store/remote'

/** The files of `dist/worker/assets`, which are deployed beside the script. */
export interface Assets {
  readonly fetch: (request: Request) => Promise<Response>
}

/** What a Worker is configured with, as far as it can use it. */
export interface WorkerSetup {
  readonly config: Config
  readonly secret: string
  readonly client: Client
  readonly assets: Assets
  readonly bucket: Bucket | undefined
}

type Bindings = Readonly<Record<string, unknown>>

/** What a platform that brings requests has no use for. */
const MEANINGLESS = ['HOST', 'PORT', 'WORKERS', 'DRAIN_SECONDS']

/**
 * Check what a Worker is bound to, before anything is asked of it.
 *
 * @throws SetupError that names what a Worker cannot do, without any value
 */
export function readWorkerSetup(env: Bindings): WorkerSetup {
  const given = Object.entries(env).filter(([name]) => !MEANINGLESS.includes(name))
  const config = readConfig(Object.fromEntries(given))
  const { GROXY_SECRET: secret, DATABASE_URL: url, DATABASE_AUTH_TOKEN: token } = config
  const client = env.DATABASE_URL ? opened(url, token) : missing('DATABASE_URL', DATABASE_REMEDY)
  const mistakes = [
    ...(client instanceof SetupError ? [client] : []),
    ...(secret === undefined ? [missing('GROXY_SECRET', SECRET_REMEDY)] : []),
    ...CANNOT.flatMap(({ is, message, remedy }) =>
      is(env) ? [new SetupError(message, remedy)] : [],
    ),
  ]
  if (mistakes.length > 0 || client instanceof SetupError || secret === undefined)
    throw new SetupError(
      mistakes.map(({ message }) => message).join(' '),
      mistakes.map(({ remedy }) => remedy).join(' '),
    )
  const { ASSETS: assets, MEDIA: bucket } = env
  return { config, secret, client, assets: assets as Assets, bucket: bucket as Bucket | undefined }
}

const SECRET_REMEDY =
  'Set the GROXY_SECRET of all instances over this database: wrangler secret put GROXY_SECRET.'
const DATABASE_REMEDY =
  'Set DATABASE_URL to a libSQL server such as Turso (libsql://…): wrangler secret put DATABASE_URL.'

const missing = (name: string, remedy: string) => new SetupError(`${name} is missing.`, remedy)

function opened(url: string, token: string | undefined): Client | SetupError {
  if (url.startsWith('file:')) return new SetupError('A Worker has no files.', DATABASE_REMEDY)
  if (/^wss?:/.test(url))
    return new SetupError(
      'A Worker cannot keep a WebSocket to its database.',
      'Write the address in DATABASE_URL with libsql: or https:.',
    )
  try {
    if (URL.parse(url)?.host) return openRemote(url, token)
  } catch {
    // The reason quotes the address, which may hold a token.
  }
  return new SetupError('DATABASE_URL is not the address of a libSQL server.', DATABASE_REMEDY)
}

const hasMethod = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'

/** What may be bound and is of no use to a Worker, or must be bound and is not. */
const CANNOT: readonly {
  readonly is: (env: Bindings) => boolean
  readonly message: string
  readonly remedy: string
}[] = [
  {
    is: ({ MEDIA_DIR: directory }) => Boolean(directory),
    message: 'A Worker has no directories for MEDIA_DIR.',
    remedy:
      'Remove MEDIA_DIR: pictures, videos and files are kept in the R2 bucket of the binding MEDIA, or else in the database.',
  },
  {
    is: ({ GROXY_SNAPSHOT: path }) => Boolean(path) && path !== 'off',
    message: 'A Worker has no file for GROXY_SNAPSHOT.',
    remedy: 'Remove GROXY_SNAPSHOT: only instances on machines keep a snapshot.',
  },
  {
    is: ({ MEDIA: bucket }) => bucket !== undefined && !hasMethod(bucket, 'put'),
    message: 'The binding MEDIA is no R2 bucket.',
    remedy: 'Bind a bucket as MEDIA by r2_buckets in wrangler.jsonc, or nothing.',
  },
  {
    is: ({ ASSETS: assets }) => !hasMethod(assets, 'fetch'),
    message: 'The binding ASSETS with the files of dist/worker/assets is missing.',
    remedy: 'Deploy with the assets of wrangler.jsonc.',
  },
]

/** A database may be back in seconds; how long an operator takes nobody knows. */
const RETRY_AFTER = '5'

/** What everybody is told while a Worker cannot work: what is wrong, and what its operator has to do. */
export function setupRefusal({ message, remedy }: SetupError, now: number): Response {
  const failure = new ApiError('not_ready', `This gateway is not ready. ${message} ${remedy}`)
  return Response.json(failure.toBody(), {
    status: failure.status,
    headers: {
      'cache-control': 'no-store',
      'retry-after': RETRY_AFTER,
      'x-request-id': newRequestId(now),
    },
  })
}
