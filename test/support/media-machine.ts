import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import OpenAI from 'openai'
import { createVault } from '#src/crypto'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { type AccountOptions, fakeGrokWeb } from '../fakes/grok-web'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { fakeXaiMedia } from '../fakes/xai-media'
import { executable } from './executable'
import { KEY } from './gateway'
import { INSTANCE_ENV } from './instances'
import { openDatabase } from './kept-media'
import { TEST_SECRET } from './pool'
import { freePort, runProgram, scratch, startProgram, until } from './programs'

interface Options {
  /** Names of the accounts of each kind; their keys are `key-…`. */
  readonly xai?: readonly string[]
  readonly openai?: readonly string[]
  readonly web?: readonly AccountOptions[]
  readonly settings?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  /** The address of the database, if it is not a file. */
  readonly database?: string
}

/** A model of each kind, by which it is seen that its accounts are ready. */
const MODELS = {
  xai: 'grok-imagine-image',
  openai: 'gpt-image-1',
  web: 'grok-imagine-1.0',
} as const

const secretsOf = (names: readonly string[]) => names.map((name) => `key-${name}`)

/**
 * The executable with accounts at fakes of everything that makes media, over a folder of its own in which
 * it can be started again.
 */
export async function mediaMachine(options: Options) {
  const { xai = [], openai = [], web = [], settings = {}, env = {} } = options
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await scratch('media'))
  const fakes = {
    xai: stack.use(fakeXaiMedia({ keys: secretsOf(xai) })),
    openai: stack.use(fakeOpenAiMedia({ keys: secretsOf(openai) })),
    grok: stack.use(fakeGrokWeb({ accounts: web })),
  }
  const database = options.database ?? `file:${join(folder.path, 'groxy.db')}`
  const client = stack.adopt(openDatabase(database), (opened) => opened.close())
  await migrate(client)
  const stores = createStores({ client, vault: createVault(TEST_SECRET), now: Date.now })
  for (const [name, value] of Object.entries(settings)) await stores.settings.set(name, value)
  for (const [kind, names, baseUrl, secrets] of [
    ['xai', xai, fakes.xai.url, secretsOf(xai)],
    ['openai', openai, fakes.openai.url, secretsOf(openai)],
    [
      'web',
      web.map(({ name }) => name),
      fakes.grok.url,
      web.map((one) => fakes.grok.account(one.name).sso),
    ],
  ] as const)
    for (const [at, name] of names.entries())
      await stores.accounts.add({ kind, name, baseUrl, secret: secrets[at] ?? '' })
  const wanted = [
    ...(xai.length > 0 ? [MODELS.xai] : []),
    ...(openai.length > 0 ? [MODELS.openai] : []),
    ...(web.length > 0 ? [MODELS.web] : []),
  ]
  const variables = {
    ...{ ...INSTANCE_ENV, DATABASE_URL: database, WEB_ASSETS_URL: fakes.grok.assetsUrl, ...env },
  }
  const command = await executable()
  const kept = stack.move()

  return {
    ...fakes,
    client,
    stores,
    folder: folder.path,
    /** Where a file database has its media beside it. */
    mediaFolder: join(folder.path, 'media'),
    rows: async (sql: string) => (await client.execute(sql)).rows.map((row) => ({ ...row })),
    /** Run a command of it. */
    command: (...args: readonly string[]) =>
      runProgram([command, ...args], { cwd: folder.path, env: variables }),
    /** Start it, and wait until it knows the models of its accounts; it is killed at the end of the scope. */
    async start(more: Readonly<Record<string, string>> = {}) {
      const port = freePort()
      const cwd = join(folder.path, 'home')
      await mkdir(cwd, { recursive: true })
      const program = await startProgram({
        ...{ command: [command], cwd, port, path: '/health' },
        env: { ...variables, PORT: String(port), ...more },
      })
      const sdk = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: KEY, maxRetries: 0 })
      const headers = { authorization: `Bearer ${KEY}` }
      await until(async () => {
        const known = (await sdk.models.list()).data.map(({ id }) => id)
        return wanted.every((id) => known.includes(id)) || undefined
      }).catch(async (cause) => {
        await program[Symbol.asyncDispose]()
        throw new Error(`The models did not come:\n${program.output()}`, { cause })
      })
      return {
        ...program,
        sdk,
        /** Ask with the key. */
        call: (path: string, init: RequestInit = {}) =>
          fetch(program.url + path, { ...init, headers: { ...headers, ...init.headers } }),
        post: (path: string, body: object) =>
          fetch(program.url + path, {
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type MediaMachine = Awaited<ReturnType<typeof mediaMachine>>
export type Machine = Awaited<ReturnType<MediaMachine['start']>>

/** What a program holds in memory that is its own, in bytes. */
export async function heldBy(pid: number): Promise<{ readonly rss: number; readonly pss: number }> {
  const text = await Bun.file(`/proc/${pid}/smaps_rollup`).text()
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
  return { rss: of('Rss'), pss: of('Pss') }
}
