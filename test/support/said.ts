import type { Client } from '@libsql/client/web'
import { createVault, newId } from '#src/crypto'
import { createLog } from '#src/log'
import type { SaidTurn } from '#src/state/draft'
import { createSaid } from '#src/state/said'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import { createStores } from '#src/store/stores'
import { scratch } from './programs'
import { isWithoutSqld, sqld } from './sqld'

/** What was said over some database, as one instance has it. */
export function saidAt(client: Client, changed: Partial<Settings> = {}) {
  const clock = { now: Date.now }
  const now = () => clock.now()
  const lines: string[] = []
  const work = new Set<Promise<unknown>>()
  const settings: Settings = { ...DEFAULT_SETTINGS, ...changed }
  const stores = createStores({ client, vault: createVault('a secret for tests'), now })
  const said = createSaid({
    stores,
    settings: () => settings,
    digest: (text) => Bun.SHA256.hash(text, 'hex'),
    newId,
    now,
    later: (promise) => void work.add(promise.finally(() => work.delete(promise))),
    log: createLog({ level: 'debug', write: (line) => lines.push(line), readable: false, now }),
  })
  return {
    ...said,
    stores,
    settings,
    client,
    lines,
    /** From now on time stands still here. */
    standAt(at: number): void {
      clock.now = () => at
    },
    async one(sql: string, args: string[] = []): Promise<unknown> {
      return (await client.execute({ sql, args })).rows[0]?.[0]
    },
    /** Removes what is to be removed, and says how many. */
    async clean(): Promise<number> {
      let removed = 0
      for (const { step } of await stores.cleaning.sweeps(settings))
        for (let more = true; more; ) {
          const done = await step()
          removed += done.rows
          more = done.more
        }
      return removed
    },
  }
}

export type SaidAt = ReturnType<typeof saidAt>

/** A database that is gone at the end of the scope. */
export interface SaidDatabase extends AsyncDisposable {
  /** Each call makes another connection. */
  readonly open: () => Client
}

export async function fileDatabase(): Promise<SaidDatabase> {
  const folder = await scratch('said')
  const clients: Client[] = []
  const open = () => {
    const client = openFile(`${folder.path}/said.db`)
    clients.push(client)
    return client
  }
  await migrate(open())
  return {
    open,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function serverDatabase(): Promise<SaidDatabase> {
  const server = await sqld()
  const open = () => openRemote(server.url)
  await migrate(open())
  return { open, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** A message of a user, without an id. */
export const ask = (text: string) => ({ type: 'message', role: 'user' as const, content: text })

/** A message of the model, under an id that the text makes. */
export const answer = (text: string) => ({
  type: 'message',
  id: `msg_${text}`,
  role: 'assistant' as const,
  content: [{ type: 'output_text', text }],
})

/** A turn whose input and output are named after it. */
export const turn = (id: string, extra: Partial<SaidTurn> = {}): SaidTurn => ({
  keyId: 'k',
  response: { id, object: 'response', status: 'completed', model: 'm', instructions: 'Be brief.' },
  input: [ask(`ask ${id}`)],
  output: [answer(`answer ${id}`)],
  previousId: null,
  conversation: null,
  tape: null,
  affinity: 7,
  ...extra,
})

/** What items say, one word each. */
export const textsOf = (items: readonly Readonly<Record<string, unknown>>[] = []): string[] =>
  items.map(({ content }) =>
    typeof content === 'string' ? content : (content as [{ text: string }])[0].text,
  )

/** Every page of a list, one after the other. */
export async function allPages<T extends { readonly id: string }>(
  read: (
    after: string | undefined,
  ) => Promise<{ readonly data: readonly T[]; readonly hasMore: boolean } | undefined>,
): Promise<T[]> {
  const all: T[] = []
  for (let after: string | undefined; ; ) {
    const page = await read(after)
    if (!page) throw new Error('There is no such list.')
    all.push(...page.data)
    if (!page.hasMore) return all
    after = page.data.at(-1)?.id
  }
}

/** The databases that everything has to hold over. */
export const databases: readonly (readonly [string, () => Promise<SaidDatabase>, boolean])[] = [
  ['in a file', fileDatabase, false],
  ['on a libSQL server', serverDatabase, isWithoutSqld],
]

/** Stores turns that go on from each other, `a1` to `a<length>`, and gives the id of the last. */
export async function chain(it: SaidAt, name: string, length: number): Promise<string> {
  for (let at = 1; at <= length; at++) {
    const previousId = at === 1 ? null : `${name}${at - 1}`
    it.responses.save(turn(`${name}${at}`, { previousId, affinity: at }))
  }
  await it.flush()
  return `${name}${length}`
}

/** What is said in such a chain. */
export const chainTexts = (name: string, length: number): string[] =>
  Array.from({ length }, (_, at) => [`ask ${name}${at + 1}`, `answer ${name}${at + 1}`]).flat()
