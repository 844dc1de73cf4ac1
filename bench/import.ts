import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVault, randomToken } from '#src/crypto'
import { readAccountFile } from '#src/store/account-file/read'
import type { ImportedAccount } from '#src/store/account-import'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { table } from './report'
import { median } from './statistics'

// bun bench/import.ts [ACCOUNTS]: sessions taken in from a file, beside the same added one at a time

const accounts = Number(process.argv[2] ?? 20_000)
/** Of adding one at a time a sample is enough: each takes as long as the others. */
const SAMPLE = Math.min(accounts, 1_000)
const ROUNDS = 5

const folder = await mkdtemp(join(tmpdir(), 'groxy-import-'))
const vault = createVault('a secret for the bench')

/** A line of cookies as a browser sends it, with a token of the usual length. */
const line = () =>
  `sso=eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.${randomToken(90)}; cf_clearance=${randomToken(60)}`

async function freshStores(name: string) {
  const client = openFile(join(folder, `${name}.db`))
  await migrate(client)
  return { client, ...createStores({ client, vault, now: Date.now }) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

const toImport = (text: string): ImportedAccount[] =>
  readAccountFile(text).flatMap((place) =>
    'account' in place ? [{ ...place.account, baseUrl: 'https://grok.com' }] : [],
  )

async function round(at: number) {
  const text = Array.from({ length: accounts }, line).join('\n')
  let given: ImportedAccount[] = []
  const readMs = await timed(async () => {
    given = toImport(text)
  })
  const together = await freshStores(`together-${at}`)
  const alone = await freshStores(`alone-${at}`)
  const importMs = await timed(() => together.accountImport.add(given))
  const aloneMs = await timed(async () => {
    for (const [index, account] of given.slice(0, SAMPLE).entries())
      await alone.accounts.add({ ...account, name: `web-${index}` })
  })
  const againMs = await timed(() => together.accountImport.add(given))
  const found = await together.accountSearch.count({ kind: 'web' })
  if (found !== accounts) throw new Error(`Of ${accounts} accounts ${found} are there.`)
  for (const { client } of [together, alone]) client.close()
  return { readMs, importMs, againMs, aloneMs }
}

try {
  const rounds: Awaited<ReturnType<typeof round>>[] = []
  for (let at = 0; at < ROUNDS; at++) rounds.push(await round(at))
  const figure = (name: keyof (typeof rounds)[number]) => median(rounds.map((one) => one[name]))
  const per = (ms: number, count: number) => (ms * 1000) / count
  const [each, oneByOne] = [per(figure('importMs'), accounts), per(figure('aloneMs'), SAMPLE)]
  console.info(
    table(
      ['what', 'accounts', 'ms', 'µs each'],
      [
        ['read', accounts, figure('readMs'), per(figure('readMs'), accounts)],
        ['import', accounts, figure('importMs'), each],
        ['import again', accounts, figure('againMs'), per(figure('againMs'), accounts)],
        ['add one at a time', SAMPLE, figure('aloneMs'), oneByOne],
        ['÷ import', '', '', oneByOne / each],
      ],
    ),
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}
