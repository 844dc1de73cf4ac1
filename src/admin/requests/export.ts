import type { LedgerRow } from '../../store/ledger'
import type { RequestObject } from './schema'
import type { RequestNames } from './service'
import { requestObject } from './shown'

export const FORMATS = ['csv', 'jsonl'] as const
export type Format = (typeof FORMATS)[number]

const TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' } as const

/** Every column of an exported table, in order. */
const COLUMNS: readonly (readonly [string, (row: RequestObject) => unknown])[] = [
  ['time', ({ created_at }) => new Date(created_at * 1000).toISOString()],
  ['request_id', ({ id }) => id],
  ['outcome', ({ outcome }) => outcome],
  ['status', ({ status }) => status],
  ['error_code', ({ error_code }) => error_code],
  ['key_id', ({ key }) => key.id],
  ['key', ({ key }) => key.name],
  ['endpoint', ({ endpoint }) => endpoint],
  ['stream', ({ stream }) => stream],
  ['model', ({ model }) => model],
  ['model_used', ({ model_used }) => model_used],
  ['kind', ({ kind }) => kind],
  ['account_id', ({ account }) => account?.id],
  ['account', ({ account }) => account?.name],
  ['attempts', ({ attempts }) => attempts],
  ['first_byte_ms', ({ first_byte_ms }) => first_byte_ms],
  ['total_ms', ({ total_ms }) => total_ms],
  ['input_tokens', ({ usage }) => usage.input_tokens],
  ['cached_tokens', ({ usage }) => usage.cached_tokens],
  ['output_tokens', ({ usage }) => usage.output_tokens],
  ['reasoning_tokens', ({ usage }) => usage.reasoning_tokens],
  ['usage_source', ({ usage }) => usage.source],
  ['cost_usd_ticks', ({ cost_usd_ticks }) => cost_usd_ticks],
  ['cost_source', ({ cost_source }) => cost_source],
  ['attempt_log', ({ attempt_log }) => attempt_log.length > 0 && JSON.stringify(attempt_log)],
]

/** Requests as a file, made while it is fetched: only a part of them is in memory. */
export function exported(
  all: AsyncGenerator<readonly [readonly LedgerRow[], RequestNames]>,
  format: Format,
  name: string,
): Response {
  const encoder = new TextEncoder()
  const write = format === 'csv' ? csvLine : jsonLine
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // A mark by which spreadsheets know UTF-8.
      if (format === 'csv')
        controller.enqueue(encoder.encode(`\uFEFF${COLUMNS.map(([head]) => head).join(',')}\r\n`))
    },
    async pull(controller) {
      const { done, value } = await all.next()
      if (done) return controller.close()
      const [rows, names] = value
      controller.enqueue(
        encoder.encode(rows.map((row) => write(requestObject(row, names))).join('')),
      )
    },
    cancel: async () => void (await all.return(undefined)),
  })
  return new Response(body, {
    headers: {
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${name}.${format}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

const jsonLine = (row: RequestObject): string => `${JSON.stringify(row)}\n`

const csvLine = (row: RequestObject): string =>
  `${COLUMNS.map(([, of]) => csvCell(of(row))).join(',')}\r\n`

/**
 * A cell that is a text in every spreadsheet: what begins as a formula gets a sign before it, as clients
 * choose the names of models.
 */
function csvCell(value: unknown): string {
  if (value === undefined || value === null || value === false) return ''
  const text = String(value)
  const harmless = typeof value === 'string' && /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
