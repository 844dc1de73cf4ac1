import { isatty } from 'node:tty'
import { type Command, parse, UsageError, type Values, wholeNumber } from './command'
import { runCopy } from './copy-run'
import { readSecretInput } from './secret-input'

const usage =
  'copy [--from ADDRESS] --to ADDRESS [--from-token -] [--to-token -] [--from-media DIR] [--to-media DIR] [--without-media] [--dry-run | --verify] [--patience SECONDS]'

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  'from-token': { type: 'string' },
  'to-token': { type: 'string' },
  'from-media': { type: 'string' },
  'to-media': { type: 'string' },
  'without-media': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  verify: { type: 'boolean' },
  patience: { type: 'string' },
} as const

const PATIENCE_S = 60
const STDERR = 2
const [SOON_MS, SPARSE_MS] = [1_000, 30_000]

/** `groxy copy` */
export const copyCommand: Command = {
  usage,
  help: `Copies everything of a database to an empty one: file:PATH, or libsql: or https: of a libSQL server such as Turso.
--from is DATABASE_URL unless you say otherwise. Rows are compared and what differs is written, so the same command
goes on after a break, and brings a copy up to date: run it while Groxy runs, stop Groxy, run it once more, start Groxy
with the new address. Until it is done Groxy refuses to start over the copy. The source is never changed.

Tokens are FROM_AUTH_TOKEN and TO_AUTH_TOKEN, or DATABASE_AUTH_TOKEN where one end is a server; --from-token - and
--to-token - read them from the standard input, a line each. GROXY_SECRET is that of the source; beside a file it is
taken from groxy.secret, and left there where the copy is a file.

Pictures, videos and files are in \`media\` beside a file and in the database of a server; --from-media and --to-media name
directories instead, --without-media leaves them where they are. --dry-run says what there is to do, --verify compares
everything and writes nothing. --patience is how long a server may be away, 60 seconds unless you say so.

Exit codes: 0 done and the same, 1 failed, 2 not understood, 3 not done: the source goes on changing, pictures or files
were not found, or --verify has found differences.`,
  async run(args) {
    const { values } = parse(args, OPTIONS, usage)
    const stop = new AbortController()
    const onSignal = () => (stop.signal.aborted ? process.exit(1) : stop.abort())
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
    try {
      return await runCopy(orderOf(values), {
        env: process.env,
        print: (text) => console.info(text),
        note: (line) => console.error(line),
        read: readSecretInput,
        everyMs: isatty(STDERR) ? SOON_MS : SPARSE_MS,
        signal: stop.signal,
      })
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
    }
  },
}

/** @throws UsageError where it is no order */
function orderOf(values: Values) {
  const { from, to } = values
  if (typeof to !== 'string')
    throw new UsageError('copy: say where to, with --to.', `Usage: groxy ${usage}`)
  if (values['dry-run'] && values.verify)
    throw new UsageError('copy: --dry-run and --verify are two things.', `Usage: groxy ${usage}`)
  return {
    ...{ from: textOf(from), to, media: mediaOf(values), values, usage },
    isDry: values['dry-run'] === true,
    isOnlyCompared: values.verify === true,
    patienceMs: (wholeNumber('patience', values.patience) ?? PATIENCE_S) * 1000,
  }
}

const textOf = (value: Values[string]): string | undefined =>
  typeof value === 'string' ? value : undefined

const mediaOf = (values: Values) => ({
  isLeft: values['without-media'] === true,
  from: textOf(values['from-media']),
  to: textOf(values['to-media']),
})
