import { existsSync } from 'node:fs'
import { isatty } from 'node:tty'
import { type Config, readConfig } from '../config'
import { ApiError, SetupError } from '../errors'
import { halfCopy, overtaken, readCopyMark, removeCopyMark } from '../store/copy-mark'
import { sumOfObjects } from '../store/copy-objects'
import { countRows, refuseOtherVersion } from '../store/copy-standing'
import { type CopyTable, copyTables } from '../store/copy-tables'
import { createFileView, createServerView, livingInstances } from '../store/copy-view'
import { type Command, parse, table, UsageError, type Values, wholeNumber } from './command'
import { type CopyEnd, checkAddresses, openEnd } from './copy-ends'
import { type CopyPlan, copyOnce, type PassTally } from './copy-pass'
import { createProgress, many, type Progress, size } from './copy-progress'
import { type SourceSecret, secretOf } from './copy-secret'
import { prepareTarget, refuseForeignTarget } from './copy-target'
import { readTokens } from './copy-tokens'
import { againLines, amountLine, differenceLines, missingLines, startLines } from './copy-words'
import { filePath } from './paths'

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

/** Not an error, and not the end either: the same command is to be run once more. */
const NOT_THE_SAME = 3

const PATIENCE_S = 60
/** While a source changes by what nobody says that he does. */
const MOST_PASSES = 5
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

Exit codes: 0 done and the same, 1 failed, 2 not understood, 3 not done: the source goes on changing, or --verify has
found differences.`,
  async run(args) {
    const { values } = parse(args, OPTIONS, usage)
    const stop = new AbortController()
    const onSignal = () => (stop.signal.aborted ? process.exit(1) : stop.abort())
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
    try {
      return await copy(values, stop.signal)
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
    }
  },
}

async function copy(values: Values, signal: AbortSignal): Promise<number> {
  const own = readConfig(process.env)
  const urls = { from: String(values.from ?? own.DATABASE_URL), to: String(values.to ?? '') }
  if (!urls.to) throw new UsageError('copy: say where to, with --to.', `Usage: groxy ${usage}`)
  checkAddresses(urls.from, urls.to)
  if (values['dry-run'] && values.verify)
    throw new UsageError('copy: --dry-run and --verify are two things.', `Usage: groxy ${usage}`)
  const patienceMs = (wholeNumber('patience', values.patience) ?? PATIENCE_S) * 1000
  const tokens = await readTokens({
    urls,
    values,
    env: process.env,
    ownUrl: own.DATABASE_URL,
    usage,
  })
  const progress = createProgress({
    write: (line) => console.error(line),
    now: Date.now,
    everyMs: isatty(STDERR) ? SOON_MS : SPARSE_MS,
  })
  const check = () => {
    if (signal.aborted) throw new SetupError('Somebody stopped it.', 'Nothing is lost.')
  }
  const onWait = (cause: unknown) => progress.say(`The database does not answer: ${textOf(cause)}`)
  const isDry = values['dry-run'] === true
  const isReading = isDry || values.verify === true
  const open = (end: 'from' | 'to', reading: boolean) =>
    openEnd({
      config: configOf(own, urls[end], values[`${end}-media`]),
      ...{ token: tokens[end], reading, patienceMs, onWait, check },
    })

  await using ends = new AsyncDisposableStack()
  const opened = async (end: 'from' | 'to', reading: boolean) => {
    const one = await open(end, reading)
    ends.defer(() => one.close())
    return one
  }
  const source = await opened('from', true)
  await reached(source, () => refuseOtherVersion(source.client, source.name))
  const half = await readCopyMark(source.client)
  if (half) throw halfCopy(half)
  const secret = await secretOf(source, own.GROXY_SECRET)
  const tables = await copyTables()
  if (isDry && isNewFile(urls.to))
    return await tell({ source, tables, target: urls.to, is: 'empty' })
  const target = await opened('to', isReading)
  if (values.verify) await reached(target, () => refuseOtherVersion(target.client, target.name))
  const standing = values.verify
    ? undefined
    : await reached(target, () => refuseForeignTarget(target, tables, secret))
  if (isDry) return await tell({ source, tables, target: target.name, is: standing?.is ?? 'empty' })

  const withMedia = !values['without-media'] && !isSamePlace(source, target)
  const from = source.name
  try {
    const mark = standing && (await prepareTarget(target, standing, { from, secret }))
    return await runPasses({ source, target, tables, mark, withMedia, progress, check }, secret)
  } catch (cause) {
    throw await explained(cause, { target, progress, isReading })
  }
}

async function runPasses(plan: CopyPlan, secret: SourceSecret): Promise<number> {
  const { source, target, tables, mark } = plan
  const view = source.path === undefined ? createServerView() : createFileView(source.client)
  for (let pass = 1; ; pass++) {
    const since = Date.now()
    await view.begin()
    const tally = await copyOnce(plan)
    const hasChanged = await view.end()
    const living = await livingInstances(source.asked, Date.now())
    const isDone = !(hasChanged ?? tally.differences.length > 0) && living.length === 0
    if (!mark)
      return verdict(tally, { plan, hasChanged: hasChanged ?? false, living: living.length })
    if (isDone) await removeCopyMark(target.asked, mark)
    else if (living.length === 0 && pass < MOST_PASSES) continue
    const done = amountLine(tally, tables.length)
    console.info(
      [
        `${isDone ? 'Done' : 'Copied so far'}: ${done} from ${source.name} to ${target.name}, each compared.`,
        ...missingLines(tally),
        ...(isDone
          ? startLines({ source, target, secret })
          : againLines(living, since, { source })),
      ].join('\n'),
    )
    return isDone ? 0 : NOT_THE_SAME
  }
}

interface Circumstances {
  readonly plan: CopyPlan
  readonly hasChanged: boolean
  readonly living: number
}

/** What comparing alone has shown. */
function verdict(tally: PassTally, { plan, hasChanged, living }: Circumstances): number {
  const { source, target, tables } = plan
  const { again, lost } = tally.missing
  const isSame = tally.differences.length === 0 && again + lost === 0
  const first = isSame
    ? `The same: ${amountLine(tally, tables.length)} of ${source.name} and ${target.name}.`
    : `Not the same: ${source.name} and ${target.name}.`
  const lines = [first, ...differenceLines(tally), ...missingLines(tally)]
  if (hasChanged || living > 0) lines.push(`${source.name} was in use meanwhile.`)
  console.info(lines.join('\n'))
  return isSame ? 0 : NOT_THE_SAME
}

interface Outlook {
  readonly source: CopyEnd
  readonly tables: readonly CopyTable[]
  readonly target: string
  readonly is: 'empty' | 'begun'
}

/** What there is to do, without doing it. */
async function tell({ source, tables, target, is }: Outlook): Promise<number> {
  const rows = (await countRows(source.asked, tables)).filter((one) => one.rows > 0)
  const objects = await sumOfObjects(source.asked)
  const living = await livingInstances(source.asked, Date.now())
  console.info(
    [
      table(
        ['TABLE', 'ROWS'],
        rows.map((one) => [one.name, many(one.rows)]),
      ),
      `${many(objects.count)} pictures, videos and files (${size(objects.bytes)})`,
      `${target} ${is === 'empty' ? 'is empty' : 'has a part of it already: only what differs would be written'}.`,
      living.length > 0
        ? `Groxy runs at ${source.name}: the copy would have to be run once more when it is stopped.`
        : `Nobody uses ${source.name}: one run would do.`,
      'Nothing was written.',
    ].join('\n'),
  )
  return 0
}

/** `MEDIA_DIR` belongs to the database that `DATABASE_URL` names. */
const configOf = (own: Config, url: string, media: string | boolean | undefined): Config => {
  const { MEDIA_DIR, ...rest } = own
  const directory = typeof media === 'string' ? media : url === own.DATABASE_URL ? MEDIA_DIR : ''
  return { ...rest, DATABASE_URL: url, ...(directory && { MEDIA_DIR: directory }) }
}

const isNewFile = (url: string): boolean => {
  const path = filePath({ DATABASE_URL: url } as Config)
  return path !== undefined && !existsSync(path)
}

const isSamePlace = (source: CopyEnd, target: CopyEnd): boolean =>
  source.directory !== undefined && source.directory === target.directory

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The first words with a database: who cannot be reached now need not be waited for. */
async function reached<T>({ name, path }: CopyEnd, work: () => Promise<T>): Promise<T> {
  return work().catch((cause: unknown) => {
    if (cause instanceof SetupError || path !== undefined) throw cause
    throw new SetupError(
      `${name} does not answer: ${textOf(cause)}`,
      'Check the address, its token and the network. Nothing was written.',
      cause,
    )
  })
}

interface Place {
  readonly target: CopyEnd
  readonly progress: Progress
  readonly isReading: boolean
}

/** Where it stopped, why, and how it goes on. */
async function explained(cause: unknown, { target, progress, isReading }: Place) {
  const problem = cause instanceof ApiError ? cause.cause : cause
  const says = textOf(problem)
  // What keeps a run out of a database that is another's by now says no more than that.
  if (/malformed JSON/.test(says)) return overtaken()
  const remedy = problem instanceof SetupError ? `${problem.remedy} ` : ''
  return new SetupError(
    `The copy to ${target.name} stopped ${progress.where()}: ${says}`,
    isReading
      ? `${remedy}Nothing was written.`
      : `${remedy}What is there stays. Run the same command again: it goes on where it stopped.`,
    cause,
  )
}
