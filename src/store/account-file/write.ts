import type { FileAccount } from './account'

export const FILE_FORMATS = ['json', 'text', 'csv'] as const
export type FileFormat = (typeof FILE_FORMATS)[number]

interface TableTerms {
  /** Whether a spreadsheet may open it without calculating what somebody wrote into a note. */
  readonly isSafe?: boolean
  readonly isHeaded?: boolean
}

/** A text that a spreadsheet does not take for a formula; `readAccountFile` takes the sign away again. */
export const harmless = (text: string): string => (/^['=+\-@\t\r]/.test(text) ? `'${text}` : text)

/** But for what `readAccountFile` would take that sign away from. */
const asIs = (text: string): string => (/^'['=+\-@\t\r]/.test(text) ? `'${text}` : text)

/**
 * Write accounts in a form that `readAccountFile` reads. JSON says all that there is to say of an account,
 * text only what the sessions are, and CSV what a table can show of them.
 */
export function writeAccountFile(
  accounts: readonly FileAccount[],
  format: FileFormat,
  { isSafe = false, isHeaded = true }: TableTerms = {},
): string {
  if (format === 'text') return lines(accounts.map(({ secret }) => secret))
  if (format === 'csv') {
    const rows = accounts.map((account) => row(account, isSafe ? harmless : asIs))
    return lines(isHeaded ? [COLUMNS.join(','), ...rows] : rows)
  }
  if (accounts.length === 0) return '{"accounts":[]}\n'
  // A line each, so that a difference between two exports can be read.
  return `{"accounts":[\n${accounts.map((account) => JSON.stringify(record(account))).join(',\n')}\n]}\n`
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

const COLUMNS = ['token', 'tier', 'tags', 'note', 'name', 'status']

const row = (
  { secret, tier, tags, note, name, enabled }: FileAccount,
  safe: (text: string) => string,
): string =>
  [secret, tier ?? '', tags.join(','), note ?? '', name ?? '', enabled ? 'active' : 'disabled']
    .map((text) => cell(safe(text)))
    .join(',')

const cell = (text: string): string =>
  /[",;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

const record = (account: FileAccount) => ({
  kind: account.kind,
  name: account.name,
  token: account.secret,
  base_url: account.baseUrl,
  ...(account.tier && { tier: account.tier }),
  ...(!account.enabled && { enabled: false }),
  ...(account.tags.length > 0 && { tags: account.tags }),
  ...(account.note && { note: account.note }),
  ...(account.extras?.cookies && { cookies: account.extras.cookies }),
  ...(hasHeaders(account) && { headers: account.extras?.headers }),
  ...(account.weight !== 1 && { weight: account.weight }),
  max: account.maxInFlight,
  rpm: account.requestsPerMinute,
  models: account.models,
  api: account.api,
  proxy: account.proxy,
})

const hasHeaders = ({ extras }: FileAccount): boolean =>
  Object.keys(extras?.headers ?? {}).length > 0
