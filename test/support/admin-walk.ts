import type { adminWorld } from './admin'

type World = Awaited<ReturnType<typeof adminWorld>>

/** A route of the admin page or its API, with what stands for its parameters. */
export interface Call {
  readonly method: string
  readonly route: string
  readonly path: string
}

/** What a call was answered. */
export interface Answer extends Call {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Enough for a page; what goes on for ever is cut off here. */
const PATIENCE_MS = 1_500

export const isOurs = (path: string): boolean => /^\/(?:admin|setup)(?:\/|$)/.test(path)

/** Every route below `/admin` and `/setup` that the app has. */
export const adminRoutesOf = (it: World) =>
  it.app
    .routes()
    .filter(({ path }) => isOurs(path) && !path.includes('*'))
    .map(({ method, path }) => ({ method, path: path.replace(/\/$/, '') }))

/** Ask as the operator's browser does for a page, a part of one and for JSON; streams are cut off. */
export async function answerOf(it: World, call: Call, init: RequestInit = {}): Promise<Answer> {
  const response = await it.page(call.path, {
    method: call.method,
    signal: AbortSignal.timeout(20_000),
    ...init,
  })
  return {
    ...call,
    status: response.status,
    headers: response.headers,
    body: await beginningOf(response),
  }
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  const decoder = new TextDecoder()
  let text = ''
  const end = Bun.sleep(isStream ? PATIENCE_MS : 20_000).then(() => ({ done: true }) as const)
  for (;;) {
    const piece = await Promise.race([reader.read(), end])
    if (piece.done || !piece.value) break
    text += decoder.decode(piece.value, { stream: true })
  }
  await reader.cancel()
  return text
}

/**
 * Every route with its parameters filled in: by addresses that pages lead to, by the ids that lists answer,
 * by what else is known to exist; new routes are found by themselves.
 */
export async function callsOf(it: World, known: readonly string[] = []): Promise<Call[]> {
  const routes = adminRoutesOf(it)
  const plain = routes.filter(({ method, path }) => method === 'GET' && !path.includes(':'))
  const seen = new Set<string>()
  const ids = new Map<string, string>()
  for (const { path } of plain) {
    const { body } = await answerOf(it, { method: 'GET', route: path, path })
    for (const address of addressesIn(body)) seen.add(address)
    const first = firstOf(body)
    if (first) ids.set(path.split('/').at(-1) ?? '', first)
  }
  const fill = (route: string): string => {
    const pattern = new RegExp(`^${route.replace(/:[^/]+/g, '([^/]+)')}$`)
    const linked = [...seen].find((address) => pattern.test(address))
    if (linked) return linked
    return route.replace(
      /([^/]+)\/:[^/]+/g,
      (_, noun: string) => `${noun}/${ids.get(noun) ?? known[0] ?? 'x'}`,
    )
  }
  return routes.map(({ method, path }) => ({ method, route: path, path: fill(path) }))
}

/** Addresses of ours in a page: links, forms, what htmx asks for. */
export function addressesIn(markup: string): string[] {
  const found = markup.matchAll(/(?:href|src|action|hx-[a-z:-]+)="(\/(?:admin|setup)[^"]*)"/g)
  return [...found].map(([, address = '']) =>
    (address.replaceAll('&amp;', '&').split(/[?#]/)[0] ?? '').replace(/\/$/, ''),
  )
}

/** The id of the first thing in a list of the API. */
function firstOf(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  const { data } = JSON.parse(body) as { data?: readonly { id?: string; name?: string }[] }
  const [first] = Array.isArray(data) ? data : []
  const id = first?.id ?? first?.name
  return id === undefined ? undefined : encodeURIComponent(id)
}

/** Every row of every table, as text by the name of the table. */
export async function dumpOf(it: Pick<World, 'client'>): Promise<ReadonlyMap<string, string>> {
  const { rows } = await it.client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  const dump = new Map<string, string>()
  for (const { name } of rows) {
    const all = await it.client.execute(`SELECT * FROM "${name}"`)
    dump.set(String(name), JSON.stringify(all.rows.map((row) => ({ ...row }))))
  }
  return dump
}
