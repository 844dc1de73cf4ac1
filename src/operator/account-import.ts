import type { Config } from '../config'
import { SetupError } from '../errors'
import type { FoundAccount } from '../store/account-file/found'
import type { FoundAgain, PlaceFound } from '../store/account-file/read'
import type { AccountImport, Imported, ImportedAccount } from '../store/account-import'
import type { Tier } from '../store/schema'
import { usualAddress } from './account-address'

/** What is said of all accounts of an import. */
export interface ImportWishes {
  /** Of grok.com sessions; null where nobody is to know. */
  readonly tier?: Tier | null | undefined
  /** Beside those that each has. */
  readonly tags?: readonly string[] | undefined
  /** Instead of that which each has. */
  readonly note?: string | undefined
}

/** What became of an import. */
export interface ImportReport {
  readonly added: number
  /** Those that were there already, and are left as they are. */
  readonly known: number
  /** Those that stand in it a second time. */
  readonly twice: number
  /** What could not be read, or not as a whole; the first of them. */
  readonly problems: readonly ImportProblem[]
  /** How many could not be read. */
  readonly unusable: number
  /** Ids of those that were added. */
  readonly ids: readonly string[]
  readonly isDryRun: boolean
}

export interface ImportProblem {
  /** `line 3`, or a path within JSON. */
  readonly line: string
  readonly reason: string
}

/** A report says no more of these. */
const MOST_PROBLEMS = 1_000

interface ImportParts {
  readonly accountImport: AccountImport
  readonly config: Config
  /** Whether calls can go through a proxy here: not on Workers. */
  readonly canProxy?: boolean
}

interface TakingIn extends ImportWishes {
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/** An account of a file, with what is said of all of them, as it is taken in. */
export function importable(
  { account }: FoundAccount,
  config: Config,
  { tier, tags = [], note }: ImportWishes,
): ImportedAccount {
  const { leftOut: _, ...rest } = account
  return {
    ...rest,
    baseUrl: account.baseUrl ?? usualAddress(config, account.kind),
    ...(tier !== undefined && account.kind === 'web' && { tier }),
    ...(tags.length > 0 && { tags: [...new Set([...account.tags, ...tags])] }),
    ...(note && { note }),
  }
}

/**
 * Take in the accounts that stand at some places of a text.
 *
 * @throws SetupError when the database fails in the middle: what is in stays in
 */
export async function takeIn(
  { accountImport, config, canProxy = true }: ImportParts,
  given: readonly PlaceFound[],
  { dryRun = false, signal, onProgress, ...wishes }: TakingIn = {},
): Promise<ImportReport> {
  const places = canProxy ? given : given.map(withoutProxy)
  const found = places.filter((place) => 'account' in place)
  const all = found.map((one) => importable(one, config, wishes))
  const outcomes = await patiently(
    (tell) =>
      accountImport.add(all, {
        dryRun,
        ...(signal && { signal }),
        onProgress(done) {
          tell(done)
          onProgress?.(done)
        },
      }),
    dryRun,
  )
  const problems = places.flatMap(problemsOf)
  const unusable = places.filter((place) => 'problem' in place).length
  return {
    added: outcomes.filter(({ outcome }) => outcome === 'added').length,
    known: outcomes.filter(({ outcome }) => outcome === 'known').length,
    twice: places.filter((place) => 'first' in place).length,
    problems: problems.slice(0, MOST_PROBLEMS),
    unusable,
    ids: outcomes.flatMap(({ id, outcome }) => (outcome === 'added' && id ? [id] : [])),
    isDryRun: dryRun,
  }
}

/** Batches that are in stay in, so that a database that fails in the middle is no reason to begin anew. */
export async function patiently(
  work: (onProgress: (done: number) => void) => Promise<readonly Imported[]>,
  isDry: boolean,
): Promise<readonly Imported[]> {
  let done = 0
  try {
    return await work((count) => {
      done = count
    })
  } catch (cause) {
    if (cause instanceof SetupError || done === 0 || isDry) throw cause
    throw new SetupError(
      `The database failed after ${done} ${done === 1 ? 'account' : 'accounts'}: ${cause instanceof Error ? cause.message : cause}`,
      'Import the file again: those that are in are left as they are.',
      cause,
    )
  }
}

/** Its calls must not go out without the proxy that it is to have. */
const withoutProxy = (place: PlaceFound): PlaceFound =>
  'account' in place && place.account.proxy
    ? { where: place.where, problem: 'It needs a proxy, and Cloudflare Workers have none.' }
    : place

function problemsOf(place: PlaceFound | FoundAgain): ImportProblem[] {
  const line = place.where
  if ('problem' in place) return [{ line, reason: place.problem }]
  if ('first' in place || place.account.leftOut.length === 0) return []
  return [{ line, reason: `Added without ${place.account.leftOut.join(', ')}.` }]
}

/** The text of a file. Excel saves what it calls Unicode text as UTF-16. */
export function textOf(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}
