import { createVault, newId, randomToken, sha256 } from '#src/crypto'
import { type FakePool, secretOf } from '../fakes/pool'
import { textFor } from '../fakes/pool-acts'
import { type Gateway, gateway, readEvents, textOf } from './gateway'

/** What the tests for the pool say about an account. */
export interface PoolAccount {
  readonly name: string
  /** Where it stands among the others hangs on this; left to chance if left out. */
  readonly id?: string
  readonly kind?: 'xai' | 'openai'
  readonly baseUrl: string
  readonly models?: readonly string[] | null
  readonly max?: number
}

export type Execute = (sql: string, args?: (string | number | null)[]) => Promise<unknown>

export const TEST_SECRET = 'a secret for tests'

const TOUCH = `INSERT INTO settings (name, value) VALUES ('revision', 1)
  ON CONFLICT (name) DO UPDATE SET value = value + 1`

/** Put accounts into a database as any program could that knows the tables and the secret. */
export async function insertAccounts(
  execute: Execute,
  accounts: readonly PoolAccount[],
  secret = TEST_SECRET,
): Promise<void> {
  const vault = createVault(secret)
  for (const { name, id = newId(), kind = 'xai', baseUrl, models = ['grok-4'], max } of accounts)
    await execute(
      `INSERT INTO accounts (id, kind, name, base_url, secret, hint, enabled, weight, max_in_flight,
        models, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?)`,
      [
        id,
        kind,
        name,
        baseUrl,
        await vault.seal(secretOf(name)),
        secretOf(name).slice(-4),
        max ?? null,
        models && JSON.stringify(models),
        Date.now(),
      ],
    )
  await execute(TOUCH)
}

interface PoolKey {
  readonly name: string
  readonly rpm?: number
  readonly concurrency?: number
}

/** Put a key into a database; what it returns is what programs present. */
export async function insertKey(
  execute: Execute,
  { name, rpm, concurrency }: PoolKey,
): Promise<string> {
  const secret = `sk-groxy-${randomToken(32)}`
  await execute(
    `INSERT INTO keys (id, name, secret_hash, hint, enabled, requests_per_minute, concurrency,
      rescue, created_at) VALUES (?, ?, ?, ?, 1, ?, ?, 'off', ?)`,
    [newId(), name, await sha256(secret), '', rpm ?? null, concurrency ?? null, Date.now()],
  )
  await execute(TOUCH)
  return secret
}

interface Options {
  readonly accounts?: readonly PoolAccount[]
  readonly settings?: Record<string, unknown>
  readonly now?: () => number
}

const LOOK_MS = 500

/** A whole gateway with accounts of a fake pool; like the server it looks around by itself. */
export async function poolGateway({ accounts = [], settings = {}, now }: Options) {
  const it = await gateway({ settings, ...(now && { now }) })
  const execute: Execute = (sql, args = []) => it.client.execute({ sql, args })
  await insertAccounts(execute, accounts)
  await it.app.refresh()
  const timer = setInterval(() => void it.app.refresh(), LOOK_MS)
  return {
    ...it,
    /** Change the database by SQL, and let the gateway know. */
    async change(sql: string, args: (string | number | null)[] = []): Promise<void> {
      await execute(sql, args)
      await execute(TOUCH)
      await it.app.refresh()
    },
    async addAccounts(more: readonly PoolAccount[]): Promise<void> {
      await insertAccounts(execute, more)
      await it.app.refresh()
    },
    async rows(sql: string): Promise<Record<string, unknown>[]> {
      await it.app.flush()
      const { rows } = await it.client.execute(sql)
      return rows.map((row) => ({ ...row }))
    },
    /** The names of accounts by their ids. */
    async names(): Promise<ReadonlyMap<string, string>> {
      const { rows } = await it.client.execute('SELECT id, name FROM accounts')
      return new Map(rows.map(({ id, name }) => [String(id), String(name)]))
    },
    async key(name: string): Promise<string> {
      const { secret } = await it.stores.keys.create({ name })
      await it.app.refresh()
      return secret
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await it[Symbol.asyncDispose]()
    },
  }
}

export type PoolGateway = Awaited<ReturnType<typeof poolGateway>>

/** All accounts of a fake, at its address. */
export const accountsOf = (
  pool: FakePool,
  more: Partial<Omit<PoolAccount, 'name'>> = {},
): PoolAccount[] => pool.accounts().map(({ name }) => ({ name, baseUrl: pool.url, ...more }))

interface Turn {
  readonly prompt: string
  readonly model?: string
  readonly stream?: boolean
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  readonly signal?: AbortSignal
}

/** One turn through a gateway, read to its end, and what became of it. */
export async function take(at: Pick<Gateway, 'url'>, turn: Turn, fallbackKey?: string) {
  const { prompt, model = 'grok-4', stream = false, key = fallbackKey, body, signal } = turn
  const startedAt = performance.now()
  const response = await fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...turn.headers,
    },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(stream && { stream, stream_options: { include_usage: true } }),
      ...body,
    }),
    ...(signal && { signal }),
  })
  let isCut = false
  const text = await textUpToCut(response, () => (isCut = true))
  const said = stream && response.status === 200 ? textOf(readEvents(text)) : contentOf(text)
  return {
    status: response.status,
    headers: response.headers,
    text,
    /** What the model said. */
    said,
    /** The connection was cut within the answer. */
    isCut,
    ms: performance.now() - startedAt,
    account: response.headers.get('x-groxy-account') ?? '',
    model: response.headers.get('x-groxy-model') ?? '',
    attempts: Number(response.headers.get('x-groxy-attempts') ?? Number.NaN),
    overheadMs: Number(response.headers.get('x-groxy-overhead-ms') ?? Number.NaN),
    /** It is the whole answer of that account. */
    isWhole: (account: string) =>
      said === textFor(prompt, account) && (!stream || text.endsWith('data: [DONE]\n\n')),
  }
}

async function textUpToCut(response: Response, onCut: () => void): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
  } catch {
    onCut()
  }
  return text
}

function contentOf(text: string): string {
  try {
    return JSON.parse(text).choices?.[0]?.message?.content ?? ''
  } catch {
    return ''
  }
}

/** Do something for each item, so many at once, in order. */
export async function inParallel<T>(
  width: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
