import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** What went through the proxy. */
export interface Counts {
  /** HTTP requests. */
  readonly requests: number
  /** Requests that were answered with an error, or had one within their answer. */
  readonly failed: number
  readonly batches: number
  /** Without BEGIN, COMMIT and ROLLBACK. */
  readonly statements: number
  /** As the server reports them: each entry of an index counts like a row. */
  readonly rowsWritten: number
  readonly rowsRead: number
  /** Bytes of bodies, as they went over the wire. */
  readonly sent: number
  readonly received: number
  readonly kinds: Readonly<Record<string, Kind>>
}

/** One sort of statement, such as `insert ledger`. */
interface Kind {
  readonly statements: number
  readonly rowsWritten: number
  readonly rowsRead: number
}

/** The statements of a pipeline, and what became of them, in Hrana's own words. */
interface Statement {
  readonly sql?: string | null
  readonly sql_id?: number | null
}
interface Result {
  readonly rows_read?: number
  readonly rows_written?: number
  readonly affected_row_count?: number
}
interface Asked {
  readonly type: string
  readonly sql?: string
  readonly sql_id?: number
  readonly stmt?: Statement
  readonly batch?: { readonly steps: readonly { readonly stmt: Statement }[] }
}
interface Answered {
  readonly type: string
  readonly response?: {
    readonly result?: Result & {
      readonly step_results?: readonly (Result | null)[]
      readonly step_errors?: readonly unknown[]
    }
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

interface Counting extends Mutable<Omit<Counts, 'kinds'>> {
  readonly kinds: Record<string, Mutable<Kind>>
}

const none = (): Counting => ({
  requests: 0,
  failed: 0,
  batches: 0,
  statements: 0,
  rowsWritten: 0,
  rowsRead: 0,
  sent: 0,
  received: 0,
  kinds: {},
})

/** Stands before a libSQL server and counts what Hrana over HTTP brings and takes. */
export function startCountingProxy(target: string) {
  let counts = none()

  function note(sql: string, result: Result | null | undefined): void {
    const name = kindOf(sql)
    if (name === '') return
    counts.kinds[name] ??= { statements: 0, rowsWritten: 0, rowsRead: 0 }
    const kind = counts.kinds[name]
    const written = result?.rows_written ?? result?.affected_row_count ?? 0
    const read = result?.rows_read ?? 0
    counts.statements++
    counts.rowsWritten += written
    counts.rowsRead += read
    kind.statements++
    kind.rowsWritten += written
    kind.rowsRead += read
  }

  function count(body: string, answer: string): void {
    const asked = (JSON.parse(body) as { requests?: readonly Asked[] }).requests ?? []
    const results = (JSON.parse(answer) as { results?: readonly Answered[] }).results ?? []
    const stored = new Map<number, string>()
    const textOf = ({ sql, sql_id: id }: Statement) => sql ?? stored.get(Number(id)) ?? ''
    for (const [index, one] of asked.entries()) {
      if (one.type === 'store_sql') stored.set(Number(one.sql_id), one.sql ?? '')
      const answered = results[index]
      const result = answered?.response?.result
      if (answered?.type !== 'ok' || result?.step_errors?.some(Boolean)) counts.failed++
      if (one.stmt) note(textOf(one.stmt), result)
      if (!one.batch) continue
      counts.batches++
      for (const [step, { stmt }] of one.batch.steps.entries())
        note(textOf(stmt), result?.step_results?.[step])
    }
  }

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const body = await request.bytes()
      const headers = new Headers(request.headers)
      for (const name of ['host', 'connection', 'content-length']) headers.delete(name)
      const { method } = request
      const response = await fetch(target + pathname, {
        method,
        headers,
        body: method === 'GET' ? null : body,
        decompress: false,
      } as RequestInit)
      const answer = await response.bytes()
      counts.requests++
      counts.sent += body.length
      counts.received += answer.length
      if (!response.ok) counts.failed++
      const encoding = response.headers.get('content-encoding') ?? ''
      const isPipeline = pathname.endsWith('/pipeline') && response.ok
      if (isPipeline) count(decoder.decode(body), decoder.decode(unpacked(answer, encoding)))
      const own = new Headers(response.headers)
      for (const name of ['connection', 'content-length', 'transfer-encoding']) own.delete(name)
      return new Response(answer, { status: response.status, headers: own })
    },
  })

  return {
    url: `http://127.0.0.1:${server.port}`,
    /** What was counted since the last time. */
    take(): Counts {
      const taken = counts
      counts = none()
      return taken
    },
    stop: () => server.stop(true),
  }
}

export type CountingProxy = ReturnType<typeof startCountingProxy>

const decoder = new TextDecoder()

function unpacked(bytes: Uint8Array, encoding: string): Uint8Array {
  if (encoding === 'gzip') return gunzipSync(bytes)
  if (encoding === 'br') return brotliDecompressSync(bytes)
  if (encoding === 'zstd') return zstdDecompressSync(bytes)
  return encoding === 'deflate' ? inflateSync(bytes) : bytes
}

const CHANGE = /\b(insert|update|delete)\b(?: or \w+)?(?: into| from)?\s+"?(\w+)/i
const BOUNDS = /^\s*(?:begin|commit|rollback)\b/i
/** What a question is about is the first real table in it. */
const TABLE = /\bfrom\s+"?(?!json_each\b|wants\b)(\w+)/i

/** A statement in two words; nothing for those that only hold others together. */
function kindOf(sql: string): string {
  if (BOUNDS.test(sql)) return ''
  const change = /^\s*select\b/i.test(sql) ? null : CHANGE.exec(sql)
  if (change) return `${change[1]?.toLowerCase()} ${change[2]}`
  return `select ${TABLE.exec(sql)?.[1] ?? 'nothing'}`
}
