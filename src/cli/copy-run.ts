import { existsSync } from 'node:fs'
import { type Config, readConfig } from '../config'
import { ApiError, messageOf, SetupError } from '../errors'
import { halfCopy, overtaken, readCopyMark, removeCopyMark } from '../store/copy-mark'
import { sumOfObjects } from '../store/copy-objects'
import { countRows, refuseOtherVersion } from '../store/copy-standing'
import { type CopyTable, copyTables } from '../store/copy-tables'
import { createFileView, createServerView, livingInstances } from '../store/copy-view'
import { table, type Values } from './command'
import { type CopyEnd, checkAddresses, isSameAddress, openEnd } from './copy-ends'
import { type CopyPlan, copyOnce, type PassTally } from './copy-pass'
import { createProgress, many, type Progress, size } from './copy-progress'
import { type SourceSecret, secretOf } from './copy-secret'
import { prepareTarget, refuseForeignTarget } from './copy-target'
import { type End, readTokens } from './copy-tokens'
import {
  againLines,
  amountLine,
  differenceLines,
  lackingLines,
  missingLines,
  startLines,
} from './copy-words'
import { filePath } from './paths'

/** What is to be copied, and how. */
export interface CopyOrder {
  /** Left out for what `DATABASE_URL` names. */
  readonly from: string | undefined
  readonly to: string
  readonly media: {
    readonly isLeft: boolean
    readonly from: string | undefined
    readonly to: string | undefined
  }
  readonly isDry: boolean
  readonly isOnlyCompared: boolean
  /** How long a server may be away. */
  readonly patienceMs: number
  readonly values: Values
  readonly usage: string
}

/** Where a copy is run. */
export interface CopyWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  /** For what comes out of it, and for how far it is. */
  readonly print: (text: string) => void
  readonly note: (line: string) => void
  readonly everyMs: number
  /** Asks for what is not to be seen. */
  readonly read: (prompt: string) => Promise<string>
  /** Stops it where it can go on later. */
  readonly signal: AbortSignal
}

/** Not an error, and not the end either: the same command is to be run once more. */
const NOT_THE_SAME = 3

/** While a source changes by what nobody says that he does. */
const MOST_PASSES = 5

/** Copy a database to another one, or compare them; gives the exit code. */
export async function runCopy(order: CopyOrder, world: CopyWorld): Promise<number> {
  const { isDry, isOnlyCompared, media } = order
  const { env, print } = world
  const own = readConfig(env)
  const urls = { from: order.from ?? own.DATABASE_URL, to: order.to }
  checkAddresses(urls.from, urls.to)
  const tokens = await readTokens({
    ...order,
    urls,
    env,
    ownUrl: own.DATABASE_URL,
    read: world.read,
  })
  const { note: write, everyMs, signal } = world
  const progress = createProgress({ write, now: Date.now, everyMs })
  const check = () => {
    if (signal.aborted) throw new SetupError('Somebody stopped it.', 'Nothing is lost.')
  }
  const onWait = (cause: unknown) =>
    progress.say(`The database does not answer: ${messageOf(cause)}`)
  const open = (end: End, reading: boolean) =>
    openEnd({
      config: configOf(own, urls[end], media[end]),
      ...{ token: tokens[end], reading, patienceMs: order.patienceMs, onWait, check },
    })

  await using ends = new AsyncDisposableStack()
  const opened = async (end: End, reading: boolean) => {
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
    return await tell({ print, source, tables, target: urls.to, is: 'empty' })
  const target = await opened('to', isDry || isOnlyCompared)
  if (isOnlyCompared) await reached(target, () => refuseOtherVersion(target.client, target.name))
  const standing = isOnlyCompared
    ? undefined
    : await reached(target, () => refuseForeignTarget(target, tables, secret))
  if (isDry)
    return await tell({ print, source, tables, target: target.name, is: standing?.is ?? 'empty' })

  const withMedia = !media.isLeft && !isSamePlace(source, target)
  const from = source.name
  try {
    const mark = standing && (await prepareTarget(target, standing, { from, secret }))
    const plan = { source, target, tables, mark, withMedia, progress, check }
    return await runPasses(plan, { secret, print })
  } catch (cause) {
    throw explained(cause, { target, progress, isOnlyCompared })
  }
}

interface Ending {
  readonly secret: SourceSecret
  readonly print: (text: string) => void
}

async function runPasses(plan: CopyPlan, { secret, print }: Ending): Promise<number> {
  const { source, target, tables, mark } = plan
  const view = source.path === undefined ? createServerView() : createFileView(source.client)
  for (let pass = 1; ; pass++) {
    const since = Date.now()
    await view.begin()
    const tally = await copyOnce(plan)
    const hasChanged = await view.end()
    const living = await livingInstances(source.asked, Date.now())
    const isChanging = (hasChanged ?? tally.differences.length > 0) || living.length > 0
    const isDone = !isChanging && !isLacking(tally)
    if (!mark)
      return verdict(tally, { plan, print, wasUsed: hasChanged === true || living.length > 0 })
    if (isDone) await removeCopyMark(target.asked, mark)
    else if (isChanging && living.length === 0 && pass < MOST_PASSES) continue
    const done = amountLine(tally, tables.length)
    print(
      [
        `${isDone ? 'Done' : 'Copied so far'}: ${done} from ${source.name} to ${target.name}, each compared.`,
        ...missingLines(tally),
        ...(isDone ? startLines({ source, target, secret }) : []),
        ...(isChanging ? againLines(living, { since, tookMs: Date.now() - since, source }) : []),
        ...(isLacking(tally) ? lackingLines(source) : []),
      ].join('\n'),
    )
    return isDone ? 0 : NOT_THE_SAME
  }
}

/** Whether pictures, videos or files would be lost: or else they are not where they were looked for. */
const isLacking = ({ missing: { again, lost }, objects }: PassTally): boolean =>
  lost > 0 || (again > 0 && again === objects.seen)

interface Circumstances {
  readonly plan: CopyPlan
  readonly print: (text: string) => void
  /** Whether the source was in use meanwhile. */
  readonly wasUsed: boolean
}

/** What comparing alone has shown. */
function verdict(tally: PassTally, { plan, print, wasUsed }: Circumstances): number {
  const { source, target, tables } = plan
  const { again, lost } = tally.missing
  const isSame = tally.differences.length === 0 && again + lost === 0
  const first = isSame
    ? `The same: ${amountLine(tally, tables.length)} of ${source.name} and ${target.name}.`
    : `Not the same: ${source.name} and ${target.name}.`
  const lines = [first, ...differenceLines(tally), ...missingLines(tally)]
  if (wasUsed) lines.push(`${source.name} was in use meanwhile.`)
  print(lines.join('\n'))
  return isSame ? 0 : NOT_THE_SAME
}

interface Outlook {
  readonly print: (text: string) => void
  readonly source: CopyEnd
  readonly tables: readonly CopyTable[]
  readonly target: string
  readonly is: 'empty' | 'begun'
}

/** What there is to do, without doing it. */
async function tell({ print, source, tables, target, is }: Outlook): Promise<number> {
  const rows = (await countRows(source.asked, tables)).filter((one) => one.rows > 0)
  const objects = await sumOfObjects(source.asked)
  const living = await livingInstances(source.asked, Date.now())
  print(
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
const configOf = (own: Config, url: string, media: string | undefined): Config => {
  const { MEDIA_DIR, ...rest } = own
  const directory = media ? media : isSameAddress(url, own.DATABASE_URL) ? MEDIA_DIR : ''
  return { ...rest, DATABASE_URL: url, ...(directory && { MEDIA_DIR: directory }) }
}

const isNewFile = (url: string): boolean => {
  const path = filePath({ DATABASE_URL: url } as Config)
  return path !== undefined && !existsSync(path)
}

const isSamePlace = (source: CopyEnd, target: CopyEnd): boolean =>
  source.directory !== undefined && source.directory === target.directory

/** The first words with a database: who cannot be reached now need not be waited for. */
async function reached<T>({ name, path }: CopyEnd, work: () => Promise<T>): Promise<T> {
  return work().catch((cause: unknown) => {
    if (cause instanceof SetupError || path !== undefined) throw cause
    throw new SetupError(
      `${name} does not answer: ${messageOf(cause)}`,
      'Check the address, its token and the network. Nothing was written.',
      cause,
    )
  })
}

interface Place {
  readonly target: CopyEnd
  readonly progress: Progress
  readonly isOnlyCompared: boolean
}

/** Where it stopped, why, and how it goes on. */
function explained(cause: unknown, { target, progress, isOnlyCompared }: Place) {
  const problem = cause instanceof ApiError ? cause.cause : cause
  const says = messageOf(problem)
  // What keeps a run out of a database that is another's by now says no more than that.
  if (/malformed JSON/.test(says)) return overtaken()
  const remedy = problem instanceof SetupError ? `${problem.remedy} ` : ''
  return new SetupError(
    `The copy to ${target.name} stopped ${progress.where()}: ${says}`,
    isOnlyCompared
      ? `${remedy}Nothing was written.`
      : `${remedy}What is there stays. Run the same command again: it goes on where it stopped.`,
    cause,
  )
}
