import { readFileSync } from 'node:fs'
import { SetupError } from '../errors'
import { type ImportWishes, importable, patiently, textOf } from '../operator/account-import'
import { readTags, readText } from '../store/account-file/account'
import { type PlaceFound, readAccountFile } from '../store/account-file/read'
import type { Imported, ImportedAccount } from '../store/account-import'
import type { ActionCall } from './account-changes'
import { counted } from './account-choice'
import { givenTier } from './account-options'
import { UsageError, type Values } from './command'
import { withState } from './with-state'

/** A report with more lines shows only what needs a look. */
const SHORT_REPORT = 30
const MOST_PROBLEMS = 50

/** `groxy accounts import` */
export async function importAccounts({ subjects, values }: ActionCall): Promise<number> {
  const [source, ...more] = subjects
  if (source === undefined || more.length > 0)
    throw new UsageError('accounts import: say which file.', 'FILE, or - for standard input.')
  const wishes = wishesOf(values)
  const places = readAccountFile(contentOf(source))
  if (places.length === 0)
    throw new SetupError(
      'There is no account in it.',
      'What import reads is said by: groxy accounts --help',
    )
  const accounts = places.filter((place) => 'account' in place)
  const isDry = values['dry-run'] === true
  return withState(async ({ stores }, config) => {
    const given = accounts.map((found) => importable(found, config, wishes))
    const outcomes = await patiently(
      (onProgress) => stores.accountImport.add(given, { dryRun: isDry, onProgress }),
      isDry,
    )
    const byPlace = new Map<PlaceFound, Imported | undefined>(
      accounts.map((found, at) => [found, outcomes[at]]),
    )
    const lines = places.map((place) => lineOf(place, byPlace.get(place), isDry))
    tell(lines, values.verbose === true)
    console.info(sum(places, byPlace, given, outcomes, isDry))
    return lines.every(({ isUsable }) => isUsable) ? 0 : 1
  })
}

function contentOf(source: string): string {
  try {
    return textOf(readFileSync(source === '-' ? 0 : source))
  } catch (cause) {
    throw new SetupError(
      `${source} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      'Say the path of a file, or - for standard input.',
      cause,
    )
  }
}

/** What the options say of all accounts of the file. */
const wishesOf = (values: Values): ImportWishes => ({
  tier: givenTier(values.tier),
  tags: readTags(values.tags),
  note: readText(values.note, 1000),
})

interface Line {
  readonly text: string
  readonly isUsable: boolean
  /** Somebody may want to look at it. */
  readonly isWorth: boolean
}

function lineOf(place: PlaceFound, imported: Imported | undefined, isDry: boolean): Line {
  const { where } = place
  if ('problem' in place)
    return { text: `${where}: not usable. ${place.problem}`, isUsable: false, isWorth: true }
  if ('first' in place)
    return {
      text: `${where}: given twice, first in ${place.first}`,
      isUsable: true,
      isWorth: false,
    }
  const { leftOut } = place.account
  const without = leftOut.length > 0 ? `, without ${leftOut.join(', ')}` : ''
  const name = `${place.account.kind} "${imported?.name}"`
  const did = isDry ? 'would be added' : 'added'
  const what =
    imported?.outcome === 'added' ? `${did} as ${name}${without}` : `already there as ${name}`
  return { text: `${where}: ${what}`, isUsable: true, isWorth: without !== '' }
}

function tell(lines: readonly Line[], isVerbose: boolean): void {
  const isWhole = isVerbose || lines.length <= SHORT_REPORT
  const worth = isWhole ? lines : lines.filter(({ isWorth }) => isWorth)
  const told = isWhole ? worth : worth.slice(0, MOST_PROBLEMS)
  if (told.length > 0) console.info(told.map(({ text }) => text).join('\n'))
  if (worth.length > told.length)
    console.info(`… and ${worth.length - told.length} more: --verbose shows all.`)
}

/** `Added 3 accounts (1 basic, 2 super); 1 was there already; 1 given twice; 1 not usable.` */
function sum(
  places: readonly PlaceFound[],
  byPlace: ReadonlyMap<PlaceFound, Imported | undefined>,
  given: readonly ImportedAccount[],
  outcomes: readonly Imported[],
  isDry: boolean,
): string {
  const fresh = given.filter((_, at) => outcomes[at]?.outcome === 'added')
  const known = byPlace.size - fresh.length
  const twice = places.filter((place) => 'first' in place).length
  const unusable = places.filter((place) => 'problem' in place).length
  const kinds = Map.groupBy(fresh, ({ kind, tier }) =>
    kind === 'web' ? (tier ?? 'of unknown tier') : kind,
  )
  const parts = [...kinds].map(([what, some]) => `${some.length} ${what}`).join(', ')
  return [
    `${isDry ? 'Would add' : 'Added'} ${counted(fresh.length)}${parts && ` (${parts})`}`,
    ...(known > 0 ? [`${known} already there, left as ${known === 1 ? 'it is' : 'they are'}`] : []),
    ...(twice > 0 ? [`${twice} given twice`] : []),
    ...(unusable > 0 ? [`${unusable} not usable`] : []),
  ]
    .join('; ')
    .concat(isDry ? '. Nothing was written.' : '.')
}
