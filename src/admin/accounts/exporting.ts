import { openAccount } from '../../operator/account-export'
import { harmless, writeAccountFile } from '../../store/account-file/write'
import type { AccountFilter } from '../../store/account-filter'
import type { CalledAccount, StoredAccount } from '../../store/accounts'
import { GUARDING } from '../answers'
import type { AdminParts } from '../parts'
import { described } from './described'

/** What an export may be written as. */
export const EXPORT_FORMATS = ['json', 'csv', 'text'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Which accounts are meant: by their ids, or by what they have in common. */
export interface Selection {
  readonly ids?: readonly string[] | undefined
  readonly filter?: AccountFilter | undefined
}

type Parts = Pick<AdminParts, 'stores' | 'vault' | 'config'>

/** How many are opened, and written, at once. */
const AT_ONCE = 200

const TYPES: Readonly<Record<ExportFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  text: 'text/plain; charset=utf-8',
}

const ENDINGS: Readonly<Record<ExportFormat, string>> = { json: 'json', csv: 'csv', text: 'txt' }

/** A file of accounts to be kept: it is written as it is fetched. */
export function exportAnswer(
  parts: Parts,
  accounts: readonly CalledAccount[],
  format: ExportFormat,
  withSecrets: boolean,
): Response {
  const pieces = withSecrets ? secrets(parts, accounts, format) : listed(parts, accounts, format)
  const name = `groxy-accounts${withSecrets ? '-with-secrets' : ''}.${ENDINGS[format]}`
  return new Response(streamOf(pieces), {
    headers: {
      ...GUARDING,
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${name}"`,
    },
  })
}

/** All that there is to say of accounts, their secrets in the clear: another Groxy takes it in. */
async function* secrets(
  { stores, vault, config }: Parts,
  accounts: readonly CalledAccount[],
  format: ExportFormat,
): AsyncGenerator<string> {
  // Text and tables say no more of an account than a session has.
  const some = format === 'json' ? accounts : accounts.filter(({ kind }) => kind === 'web')
  let before = '\n'
  if (format === 'json') yield '{"accounts":['
  for (let from = 0; from === 0 || from < some.length; from += AT_ONCE) {
    const stored = await inOrder(stores, some.slice(from, from + AT_ONCE))
    const opened = await Promise.all(stored.map((account) => openAccount(account, vault, config)))
    const text = writeAccountFile(opened, format, { isSafe: true, isHeaded: from === 0 })
    if (format !== 'json') yield text
    else if (opened.length > 0)
      yield before + text.slice(text.indexOf('[') + 2, text.lastIndexOf('\n]'))
    if (opened.length > 0) before = ',\n'
  }
  if (format === 'json') yield '\n]}\n'
}

const COLUMNS = [
  ...['id', 'kind', 'name', 'base_url', 'secret', 'enabled', 'tier', 'tags', 'note', 'weight'],
  ...['max_in_flight', 'requests_per_minute', 'models', 'api', 'proxy', 'created_at'],
] as const

/** A list for people and their spreadsheets: nothing in it is a secret. */
async function* listed(
  { stores, vault }: Parts,
  accounts: readonly CalledAccount[],
  format: ExportFormat,
): AsyncGenerator<string> {
  let before = '\n'
  if (format === 'json') yield '{"accounts":['
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`
  for (let from = 0; from < accounts.length; from += AT_ONCE) {
    const some = await inOrder(stores, accounts.slice(from, from + AT_ONCE))
    const rows = await Promise.all(some.map((account) => rowOf(account, vault)))
    if (format === 'csv') yield rows.map((row) => `${cells(row)}\r\n`).join('')
    else if (format === 'text') yield some.map(({ kind, name }) => `${kind}/${name}\n`).join('')
    else if (rows.length > 0) {
      yield before + rows.map((row) => JSON.stringify(row)).join(',\n')
      before = ',\n'
    }
  }
  if (format === 'json') yield '\n]}\n'
}

/** What is not there any more is left out. */
async function inOrder(
  { accounts }: Parts['stores'],
  wanted: readonly CalledAccount[],
): Promise<StoredAccount[]> {
  const stored = await accounts.some(wanted.map(({ id }) => id))
  const byId = new Map(stored.map((account) => [account.id, account]))
  return wanted.flatMap(({ id }) => byId.get(id) ?? [])
}

async function rowOf(account: StoredAccount, vault: Parts['vault']) {
  const { id, kind, createdAt } = account
  return {
    ...{ id, kind },
    ...(await described(account, vault)),
    created_at: Math.floor(createdAt.getTime() / 1000),
  }
}

const cells = (row: Readonly<Record<string, unknown>>): string =>
  COLUMNS.map((name) => {
    const value = row[name]
    const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
    const safe = harmless(text)
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }).join(',')

function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
