/** Things of a filled database, to be put where paths name one. */
export interface Samples {
  readonly account: string
  readonly key: string
  readonly request: string
  readonly model: string
}

/** What is no page and no list: files, streams, downloads, and what needs something that is made first. */
const LEFT_OUT =
  /\/(?:assets|v1|content|turns)\/|\/(?:login|logout|backup|export|events|live|welcome|ready|edit)$|\/(?:batches|aliases|prices)\/:|\/welcome\//

/** Searches that find little, or much, or nothing. */
const SEARCHES: readonly (readonly [path: RegExp, queries: readonly string[]])[] = [
  [
    /\/accounts$/,
    [
      'q=account-000123',
      'q=nobody',
      'state=expired',
      'state=ready',
      'kind=web&tier=super',
      'tag=team-3',
      'sort=newest',
    ],
  ],
  [/\/keys$/, ['search=key-0042', 'search=nobody', 'state=off', 'page=10']],
  [
    /\/requests$/,
    [
      'outcome=failed',
      'outcome=broken',
      'key=key-0900',
      'model=grok-11',
      'model=nobody',
      'since=7d',
      'request_id=req_0',
    ],
  ],
  [/\/audit$/, ['actor=session', 'subject=nobody']],
  [/\/overview$/, ['days=14']],
]

interface Route {
  readonly method: string
  readonly path: string
}

/** Every page and every JSON list of the admin page that can be asked for by its address. */
export function adminPaths(routes: readonly Route[], samples: Samples): string[] {
  const paths = routes
    .filter(({ method, path }) => method === 'GET' && /^\/admin(?:\/|$)/.test(path))
    .filter(({ path }) => !LEFT_OUT.test(path))
    .map(({ path }) => filled(path.replace(/\/$/, ''), samples))
  return [...new Set(paths)].flatMap((path) => [
    path,
    ...SEARCHES.filter(([pattern]) => pattern.test(path)).flatMap(([, queries]) =>
      queries.map((query) => `${path}?${query}`),
    ),
  ])
}

/** @throws Error when nobody knows what to put in a path */
function filled(path: string, samples: Samples): string {
  if (!path.includes(':')) return path
  const [, subject = ''] = /\/(account|key|request|model)s\/:/.exec(path) ?? []
  const sample = samples[subject as keyof Samples]
  if (!sample) throw new Error(`${path} needs a sample, or is to be left out.`)
  return path.replace(/:[^/]+/, sample)
}
