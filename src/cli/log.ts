import type { LedgerRow } from '../store/ledger'
import { type Command, parse, table, UsageError, wholeNumber } from './command'
import { dollars, type Names, namesOf } from './names'
import type { State } from './state'
import { withState } from './with-state'

const usage =
  'log [--failed] [--since 1h] [--key ID] [--account ID] [--limit N] [--json] | log --request ID'

const OPTIONS = {
  request: { type: 'string' },
  key: { type: 'string' },
  account: { type: 'string' },
  failed: { type: 'boolean' },
  since: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
} as const

const LIMIT = 20

/** `groxy log` */
export const logCommand: Command = {
  usage,
  help: `One line a turn, the newest first. A running server writes them within half a second.

  --request ID   one turn in full, with every attempt; the ID is in the header x-request-id
  --key ID       turns of one key, by its id or name
  --account ID   turns that one account answered or failed last, by its id or name
  --failed       turns that failed, or broke off within the answer
  --since 1h     turns of the last 30s, 15m, 1h or 2d
  --limit N      how many (default ${LIMIT})
  --json         one JSON object a line, with every column`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    if (words.length > 0)
      throw new UsageError(`"${words[0]}" is no option.`, `Usage: groxy ${usage}`)
    const since = values.since === undefined ? undefined : Date.now() - duration(`${values.since}`)
    const limit = wholeNumber('limit', values.limit) ?? LIMIT
    return withState(async (state) => {
      const names = await namesOf(state.stores)
      const requestId = text(values.request)
      const rows = await state.stores.ledger.find({
        requestId,
        keyId: idOf(names.keys, text(values.key)),
        accountId: idOf(names.accounts, text(values.account)),
        outcomes: values.failed ? ['failed', 'broken'] : undefined,
        since,
        limit,
      })
      if (values.json) for (const row of rows) console.info(JSON.stringify(row))
      else if (rows.length === 0) console.info('No such turns in the ledger.')
      else if (requestId) for (const row of rows) console.info(await inFull(row, names, state))
      else console.info(table(HEAD, rows.map(lineOf(names))))
      return rows.length > 0 || !requestId ? 0 : 1
    })
  },
}

const text = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

/** An id stays what it is, a name becomes the id it belongs to. */
const idOf = (names: ReadonlyMap<string, string>, given: string | undefined) =>
  given === undefined || names.has(given)
    ? given
    : ([...names].find(([, name]) => name === given)?.[0] ?? given)

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function duration(given: string): number {
  const [, count, unit = ''] = given.match(/^(\d+)([smhd])$/) ?? []
  if (!count)
    throw new UsageError(`"${given}" is no span of time.`, 'Say 30s, 15m, 1h or 2d, for example.')
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}

const HEAD = [
  'TIME',
  'OUTCOME',
  'STATUS',
  'CODE',
  'KEY',
  'MODEL',
  'ACCOUNT',
  'TRIES',
  'MS',
  'IN',
  'OUT',
  'COST',
  'REQUEST',
]

const lineOf = (names: Names) => (row: LedgerRow) => [
  timeOf(row.at),
  row.outcome,
  String(row.status),
  row.errorCode ?? '-',
  names.keys.get(row.keyId) ?? row.keyId,
  row.modelUsed && row.modelUsed !== row.model ? `${row.model} → ${row.modelUsed}` : row.model,
  accountOf(row.accountId, names),
  String(row.attempts),
  String(row.totalMs),
  String(row.inputTokens),
  String(row.outputTokens),
  costOf(row),
  row.requestId,
]

async function inFull(row: LedgerRow, names: Names, { stores }: State): Promise<string> {
  const facts = [
    ['request', row.requestId],
    ['time', new Date(row.at).toISOString()],
    ['outcome', `${row.outcome}, status ${row.status}${row.errorCode ? `, ${row.errorCode}` : ''}`],
    ['key', named(row.keyId, names.keys)],
    ['endpoint', `${row.endpoint}${row.stream ? ', streamed' : ''}`],
    ['model', row.modelUsed ? `${row.model}, asked as ${row.modelUsed}` : row.model],
    ['account', `${named(row.accountId, names.accounts)}${row.kind ? ` (${row.kind})` : ''}`],
    ['attempts', String(row.attempts)],
    ['times', `${row.firstByteMs ?? '-'} ms to the first byte, ${row.totalMs} ms in all`],
    [
      'tokens',
      `${row.inputTokens} in (${row.cachedTokens} cached), ${row.outputTokens} out (${row.reasoningTokens} reasoning), ${row.usageSource}`,
    ],
    ['cost', `${costOf(row)}${row.costSource ? `, ${row.costSource}` : ''}`],
  ]
  const lines = facts.map(([name = '', value = '']) => `${name.padEnd(9)} ${value}`)
  for (const [at, attempt] of (row.attemptLog ?? []).entries()) {
    const { account, model, ms, fault, status, code, effect, says } = attempt
    const verdict = [fault ?? 'answered', status, code, effect && `account: ${effect}`, says]
    const said = verdict.filter((part) => part !== undefined).join(', ')
    lines.push(`  ${at + 1}. ${named(account, names.accounts)}, ${model}, ${ms} ms: ${said}`)
  }
  const content = await stores.ledger.content(row.requestId)
  if (content) lines.push('', 'request:', content.request, '', 'answer:', content.answer)
  return lines.join('\n')
}

const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')

const costOf = ({ costTicks }: LedgerRow): string => (costTicks === null ? '-' : dollars(costTicks))

const accountOf = (id: string | null, { accounts }: Names): string =>
  id === null ? '-' : (accounts.get(id) ?? id)

function named(id: string | null, names: ReadonlyMap<string, string>): string {
  if (id === null) return 'none'
  const name = names.get(id)
  return name ? `${name} (${id})` : id
}
