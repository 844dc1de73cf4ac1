import { expect, test } from 'bun:test'
import { Glob } from 'bun'

/** Who may import whom, from the outside in; a folder may always import itself. */
const INWARDS: Readonly<Record<string, readonly string[]>> = {
  entry: ['app', 'cli', 'http', 'media', 'net', 'store', 'turn', 'core'],
  cli: [
    'app',
    'admin',
    'operator',
    'http',
    'pool',
    'ledger',
    'upstream',
    'media',
    'net',
    'turn',
    'store',
    'core',
  ],
  app: [
    'admin',
    'operator',
    'api',
    'state',
    'http',
    'jobs',
    'dispatch',
    'pool',
    'ledger',
    'upstream',
    'media',
    'net',
    'turn',
    'stream',
    'store',
    'core',
  ],
  admin: [
    'operator',
    'http',
    'jobs',
    'dispatch',
    'pool',
    'ledger',
    'upstream',
    'media',
    'net',
    'stream',
    'store',
    'core',
  ],
  operator: ['http', 'pool', 'upstream', 'media', 'net', 'store', 'core'],
  api: [
    'state',
    'http',
    'dispatch',
    'pool',
    'upstream',
    'media',
    'net',
    'turn',
    'stream',
    'store',
    'core',
  ],
  state: ['store', 'turn', 'core'],
  http: ['store', 'core'],
  jobs: ['pool', 'upstream', 'media', 'store', 'core'],
  dispatch: ['pool', 'ledger', 'upstream', 'turn', 'net', 'stream', 'store', 'core'],
  pool: ['store', 'core'],
  ledger: ['store', 'core'],
  upstream: ['pool', 'media', 'net', 'turn', 'stream', 'store', 'core'],
  media: ['net', 'turn', 'stream', 'store', 'core'],
  turn: ['stream', 'core'],
  net: ['core'],
  stream: [],
  store: ['core'],
  core: [],
}

/** Files at the top of `src/`, by the layer they belong to. */
const TOP: Readonly<Record<string, string>> = {
  main: 'entry',
  worker: 'entry',
  'worker-connect': 'entry',
  'worker-opening': 'entry',
  'worker-setup': 'entry',
  'worker-hasher': 'entry',
  'worker-sockets': 'entry',
  app: 'app',
  accounting: 'app',
  'admin-door': 'app',
  'admin-surface': 'app',
  background: 'app',
  heads: 'app',
  instances: 'app',
  keeping: 'app',
  'kept-media': 'app',
  look: 'app',
  'media-surface': 'app',
  modelled: 'app',
  platform: 'app',
  reports: 'app',
  routine: 'app',
  surface: 'app',
  upstreams: 'app',
  'video-surface': 'app',
  config: 'core',
  crypto: 'core',
  errors: 'core',
  commit: 'core',
  extras: 'core',
  ground: 'core',
  json: 'core',
  'json-value': 'core',
  log: 'core',
  networks: 'core',
  parallel: 'core',
  password: 'core',
  proxy: 'core',
  'session-text': 'core',
  seats: 'core',
  sleep: 'core',
}

const layerOf = (path: string): string => {
  const [folder = '', ...rest] = path.split('/')
  return rest.length > 0 ? folder : (TOP[folder.replace(/\.ts$/, '')] ?? folder)
}

async function sources(): Promise<[path: string, text: string][]> {
  const paths = [...new Glob('**/*.ts').scanSync('src')].filter((path) => !path.endsWith('.d.ts'))
  return Promise.all(
    paths.map(async (path) => [path, await Bun.file(`src/${path}`).text()] as [string, string]),
  )
}

const importsOf = (path: string, text: string): string[] =>
  [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
    .map(([, target = '']) => new URL(target, `file:///src/${path}`).pathname)
    .filter((target) => target.startsWith('/src/'))
    .map((target) => target.slice('/src/'.length))

test('imports point inwards only', async () => {
  const broken: string[] = []
  for (const [path, text] of await sources())
    for (const target of importsOf(path, text)) {
      const [from, to] = [layerOf(path), layerOf(target)]
      if (from !== to && !INWARDS[from]?.includes(to))
        broken.push(`${path} (${from}) → ${target} (${to})`)
    }
  expect(broken).toEqual([])
})

test('no endpoint imports another', async () => {
  const broken: string[] = []
  for (const [path, text] of await sources())
    if (path.startsWith('api/'))
      for (const target of importsOf(path, text))
        if (target.startsWith('api/') && target.split('/')[1] !== path.split('/')[1])
          broken.push(`${path} → ${target}`)
  expect(broken).toEqual([])
})

test('only the store speaks SQL, only net calls fetch, only entries and commands touch the process', async () => {
  const rules: readonly [RegExp, (path: string) => boolean][] = [
    [/'drizzle-orm/, (path) => path.startsWith('store/')],
    [/'bun:sqlite'/, (path) => path === 'store/file.ts'],
    [
      /[^.\w]fetch\(/,
      (path) => path.startsWith('net/') || path.startsWith('cli/') || path === 'worker.ts',
    ],
    [/\bprocess\.\w|\bBun\.\w/, (path) => path.startsWith('cli/') || path === 'main.ts'],
    [/Date\.now|Math\.random/, (path) => path.startsWith('cli/') || path === 'worker.ts'],
    [/\bconsole\.\w+\(/, (path) => path.startsWith('cli/') || path === 'worker.ts'],
  ]
  const broken: string[] = []
  for (const [path, text] of await sources())
    for (const [pattern, allowed] of rules)
      if (pattern.test(text) && !allowed(path)) broken.push(`${path}: ${pattern}`)
  expect(broken).toEqual([])
})

test('every file stays below 300 lines', async () => {
  const long = (await sources()).filter(([, text]) => text.split('\n').length > 300)
  expect(long.map(([path]) => path)).toEqual([])
})
