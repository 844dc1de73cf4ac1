import type { adminWorld } from './admin'

type AdminWorld = Awaited<ReturnType<typeof adminWorld>>

/** Where somebody is logged in, and an app with the same routes. */
interface World extends Pick<AdminWorld, 'page'> {
  readonly app: Pick<AdminWorld['app'], 'routes'>
}

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

export const isOurs = (path: string): boolean => /^\/(?:admin|setup)(?:[/?]|$)/.test(path)

/** Every route below `/admin` and `/setup` that the app has. */
export const adminRoutesOf = async (it: World) =>
  (await it.app.routes())
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

/** Of things of one kind so many are looked at. */
const MOST = 6

/**
 * Every route with its parameters filled in, by addresses that pages lead to and by the ids that lists
 * answer; new routes are found by themselves.
 */
export async function callsOf(it: World): Promise<Call[]> {
  const routes = await adminRoutesOf(it)
  const literal = new Set(routes.map(({ path }) => path).filter((path) => !path.includes(':')))
  const seen = new Set<string>()
  const ids = new Map<string, readonly string[]>()
  const asked = new Set<string>()

  /** What of a route is known so far. */
  function pathsOf(route: string): string[] {
    if (literal.has(route)) return [route]
    const pattern = new RegExp(`^${route.replace(/:[^/]+/g, '[^/]+')}$`)
    const linked = [...seen].filter((path) => pattern.test(path) && !literal.has(path))
    const [, before = '', noun = ''] = /^(.*?)([^/]+)\/:[^/]+/.exec(route) ?? []
    const listed = (ids.get(noun) ?? []).map((id) =>
      route.replace(/^.*?\/:[^/]+/, `${before}${noun}/${id}`).replace(/:[^/]+/g, 'x'),
    )
    return [...new Set([...linked.slice(0, MOST), ...listed.slice(0, MOST)])]
  }

  // What pages of single things lead to is found when these are looked at.
  for (let round = 0; round < 3; round++)
    for (const { method, path: route } of routes)
      for (const path of method === 'GET' ? pathsOf(route) : []) {
        if (asked.has(path)) continue
        asked.add(path)
        const { body } = await answerOf(it, { method, route, path })
        for (const address of addressesIn(body)) seen.add(address)
        const found = idsIn(body)
        if (found.length > 0) ids.set(path.split('/').at(-1) ?? '', found)
      }
  return routes.flatMap(({ method, path: route }) => {
    const paths = pathsOf(route)
    const known = paths.length > 0 ? paths : [route.replace(/:[^/]+/g, 'x')]
    return known.map((path) => ({ method, route, path }))
  })
}

/** Addresses of ours in a page: links, forms, what htmx asks for. */
export function addressesIn(markup: string): string[] {
  const found = markup.matchAll(/(?:href|src|action|hx-[a-z:-]+)="(\/(?:admin|setup)[^"]*)"/g)
  return [...found].map(([, address = '']) =>
    (address.replaceAll('&amp;', '&').split(/[?#]/)[0] ?? '').replace(/\/$/, ''),
  )
}

/** The ids of the things in a list of the API, the last ones first: those of the environment come first. */
function idsIn(body: string): string[] {
  if (!body.startsWith('{')) return []
  const { data } = JSON.parse(body) as { data?: readonly { id?: unknown; name?: unknown }[] }
  return (Array.isArray(data) ? data : [])
    .map((one) => one?.id ?? one?.name)
    .filter((id) => typeof id === 'string')
    .map(encodeURIComponent)
    .toReversed()
}

/** Every row of every table, as text by the name of the table. */
export async function dumpOf(it: Pick<AdminWorld, 'client'>): Promise<ReadonlyMap<string, string>> {
  const { rows } = await it.client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  const dump = new Map<string, string>()
  for (const { name } of rows) {
    const all = await it.client.execute(`SELECT * FROM "${name}"`)
    dump.set(String(name), JSON.stringify(all.rows.map((row) => ({ ...row }))))
  }
  return dump
}
