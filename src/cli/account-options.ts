import { readFileSync } from 'node:fs'
import { type Extras, joinExtras, readCookies, readHeaders } from '../extras'
import { readProxy } from '../proxy'
import { readTags, readText, readTier } from '../store/account-file/account'
import type { AccountChanges, AccountKind } from '../store/accounts'
import type { Tier } from '../store/schema'
import { list, UsageError, type Values, wholeNumber } from './command'

/** What was given for options that may be given several times. */
export type Lists = Readonly<Record<string, readonly string[] | undefined>>

const LONGEST_NAME = 80
const LONGEST_NOTE = 1000

/** What the options say of an account of whatever kind, checked. */
export function changesOf(values: Values): AccountChanges {
  const baseUrl = values['base-url']
  if (baseUrl !== undefined && !/^https?:\/\/\S+$/.test(String(baseUrl)))
    throw new UsageError(
      `"${baseUrl}" is no web address.`,
      '--base-url starts with https:// or http://',
    )
  const orNone = <T>(name: string, read: (value: Values[string]) => T): T | null | undefined =>
    values[name] === 'none' ? null : read(values[name])
  return {
    baseUrl: baseUrl === undefined ? undefined : String(baseUrl),
    weight: wholeNumber('weight', values.weight),
    maxInFlight: orNone('max', (value) => wholeNumber('max', value)),
    requestsPerMinute: orNone('rpm', (value) => wholeNumber('rpm', value)),
    models: orNone('models', list),
    api: readApi(values.api),
    proxy: orNone('proxy', (value) => (value === undefined ? undefined : readProxy(String(value)))),
    tier: givenTier(values.tier),
    tags: orNone('tags', (value) => (value === undefined ? undefined : readTags(value))),
    note: orNone('note', readNote),
  }
}

/** Options that only grok.com sessions have a use for, and one that they have none for. */
const OF_SESSIONS = ['tier', 'user-agent', 'cf-clearance', 'statsig-id', 'header', 'cookies']
const OF_SERVERS = ['api']

/** @throws UsageError when an option is given that accounts of this kind have no use for */
export function refuseForeign(kind: AccountKind, values: Values): void {
  const foreign = (kind === 'web' ? OF_SERVERS : OF_SESSIONS).find(
    (name) => values[name] !== undefined,
  )
  if (foreign)
    throw new UsageError(
      `--${foreign} is not for accounts of the kind ${kind}.`,
      kind === 'web'
        ? 'Leave it out: grok.com speaks its own protocol only.'
        : 'Leave it out: only accounts of the kind web, which are grok.com sessions, have it.',
    )
}

function readApi(given: Values[string]): AccountChanges['api'] {
  if (given === undefined) return
  if (given === 'none') return null
  if (given === 'chat' || given === 'responses' || given === 'both') return given
  throw new UsageError(
    `"${given}" is nothing that a server could speak.`,
    '--api is chat, responses or both',
  )
}

/** The tier of `--tier`; null where nobody is to know. */
export function givenTier(given: Values[string]): Tier | null | undefined {
  if (given === undefined) return
  if (given === 'unknown' || given === 'none') return null
  const tier = readTier(given)
  if (tier) return tier
  throw new UsageError(`"${given}" is no tier.`, '--tier is basic, super, heavy or unknown')
}

function readNote(given: Values[string]): string | undefined {
  if (given === undefined) return
  const note = readText(given, LONGEST_NOTE + 1)
  if (note.length <= LONGEST_NOTE) return note
  throw new UsageError('That note is too long.', `A note has up to ${LONGEST_NOTE} signs.`)
}

/** A name with a slash would read as KIND/NAME. */
export function readName(given: Values[string]): string | undefined {
  if (given === undefined) return
  const name = String(given).trim()
  if (name !== '' && !name.includes('/') && readText(name, LONGEST_NAME) === name) return name
  throw new UsageError(
    `"${readText(name, LONGEST_NAME)}" is no name of an account.`,
    `A name has 1 to ${LONGEST_NAME} signs that can be seen, and no "/".`,
  )
}

/** A secret as a word of the command line, or from standard input where that is `-`. */
export function readSecret(given: string): string {
  const secret = given === '-' ? readFileSync(0, 'utf8').trim() : given
  if (!secret) throw new UsageError('The secret is empty.', 'Pipe it in, or pass it as a word.')
  return secret
}

/**
 * What the options do to the headers and cookies of a session: what they name is set, and what they call
 * none is taken away. Undefined when they say nothing.
 */
export function extrasChange(values: Values, lists: Lists): ((old: Extras) => Extras) | undefined {
  const text = (name: string) => values[name] as string | undefined
  const [agent, statsig, clearance] = [text('user-agent'), text('statsig-id'), text('cf-clearance')]
  const [headers = [], cookies] = [lists.header, text('cookies')]
  if ([agent, statsig, clearance, cookies].every((one) => one === undefined) && !lists.header)
    return
  const isSaid = (given: string | undefined): given is string =>
    given !== undefined && given !== 'none'
  const added = {
    headers: readHeaders(
      [
        ...headers.filter(isSaid),
        ...(isSaid(agent) ? [`user-agent: ${agent}`] : []),
        ...(isSaid(statsig) ? [`x-statsig-id: ${statsig}`] : []),
      ].join('\n'),
    ),
    cookies: readCookies(
      [
        ...(isSaid(cookies) ? [cookies] : []),
        ...(isSaid(clearance) ? [`cf_clearance=${clearance.replace(/^cf_clearance=/, '')}`] : []),
      ].join('; '),
    ),
  }
  return (old) => {
    const kept = Object.entries(headers.includes('none') ? {} : old.headers).filter(
      ([name]) =>
        !(agent === 'none' && name === 'user-agent') &&
        !(statsig === 'none' && name === 'x-statsig-id'),
    )
    const jar = (cookies === 'none' ? '' : old.cookies)
      .split('; ')
      .filter((cookie) => !(clearance === 'none' && cookie.startsWith('cf_clearance=')))
    return joinExtras({ headers: Object.fromEntries(kept), cookies: jar.join('; ') }, added)
  }
}
