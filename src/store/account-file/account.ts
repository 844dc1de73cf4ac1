import type { Extras } from '../../extras'
import type { StoredAccount } from '../accounts'
import type { Tier } from '../schema'

/** An account as a file tells of it, checked. What is undefined the file does not say. */
export interface FileAccount {
  readonly kind: StoredAccount['kind']
  readonly secret: string
  readonly name: string | undefined
  readonly enabled: boolean
  /** Null where nobody knows. */
  readonly tier: Tier | null
  readonly extras: Extras | null
  readonly tags: readonly string[]
  readonly note: string | null
  readonly baseUrl?: string | undefined
  readonly weight?: number | undefined
  readonly maxInFlight?: number | undefined
  readonly requestsPerMinute?: number | undefined
  readonly models?: readonly string[] | undefined
  readonly api?: StoredAccount['api'] | undefined
  readonly proxy?: string | undefined
  /** Names of cookies, headers and fields that could not be taken over. */
  readonly leftOut: readonly string[]
}

/** What the pools and tiers of other programs are called, in lower case and letters only. */
const TIERS: Readonly<Record<string, Tier>> = {
  sso: 'basic',
  ssobasic: 'basic',
  basic: 'basic',
  normal: 'basic',
  free: 'basic',
  ssosuper: 'super',
  super: 'super',
  supersso: 'super',
  supergrok: 'super',
  ssoheavy: 'heavy',
  heavy: 'heavy',
  heavysso: 'heavy',
  supergrokheavy: 'heavy',
}

/** The tier that a word stands for; undefined where it says none. */
export const readTier = (word: unknown): Tier | undefined =>
  typeof word === 'string' ? TIERS[word.toLowerCase().replace(/[^a-z]+/g, '')] : undefined

const MOST_TAGS = 32
const LONGEST_TAG = 64

/** Tags from a list, or from a text that parts them with `,`, `;` or `|`. */
export function readTags(given: unknown): string[] {
  const words = typeof given === 'string' ? readList(given) : Array.isArray(given) ? given : []
  const tags = words.flatMap((word) => (typeof word === 'string' ? word.split(/[,;|]/) : []))
  const read = new Set(tags.map((tag) => readText(tag, LONGEST_TAG)).filter(Boolean))
  return [...read].slice(0, MOST_TAGS)
}

/** A database of the kind that the reference systems keep says tags as JSON within a text. */
function readList(text: string): unknown[] {
  if (!text.startsWith('[')) return [text]
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list : [text]
  } catch {
    return [text]
  }
}

/** Control signs, line breaks, and signs that turn the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\s\u202a-\u202e\u2066-\u2069]+/gu

/** A text on one line, so long at most, without signs that would do something to a terminal. */
export function readText(given: unknown, most: number): string {
  if (typeof given !== 'string') return ''
  const text = given.toWellFormed().replace(UNSEEN, ' ').trim()
  return text.length <= most ? text : [...text].slice(0, most).join('').trim()
}
