import type { Json } from '../../json-value'
import type { Pattern } from './pattern'

/** Where in an answer something is, and what was found wrong there and elsewhere. */
export interface Spot {
  readonly path: string
  readonly wrong: string[]
}

/** One look at a value, which may take so many steps and no more. */
export interface Check {
  /** Whether a value fits a schema. With a spot, what is wrong is told there. */
  fits(schema: unknown, value: unknown, spot: Spot | undefined): boolean
  /** The schemas within this one that are about the same value, as far as it fits them. */
  applied(schema: Json, value: unknown): readonly unknown[]
  /** @throws RangeError when it was too much */
  spend(steps: number): void
  /** A client's regular expression; undefined where it has to be left unheeded. */
  pattern(source: string): Pattern | undefined
}

/** A group of keywords: whether a value fits what they say. */
export type Keywords<T> = (check: Check, schema: Json, value: T, spot: Spot | undefined) => boolean

/** What is told of one value is enough to mend it by. */
export const MOST_TOLD = 8
const LONGEST_PATH = 200

/** Tell what is wrong, and that something is. */
export function wrong(spot: Spot | undefined, what: string): false {
  if (spot && spot.wrong.length < MOST_TOLD) spot.wrong.push(`${spot.path || 'the value'} ${what}`)
  return false
}

/** The spot of a member, or of an item. */
export function within(spot: Spot | undefined, key: string | number): Spot | undefined {
  if (!spot) return
  const { path } = spot
  if (path.length > LONGEST_PATH) return spot
  const name = typeof key === 'number' ? `[${key}]` : nameOf(key, path)
  return { path: path + name, wrong: spot.wrong }
}

const nameOf = (key: string, path: string): string => {
  if (!/^[A-Za-z_$][\w$]{0,60}$/.test(key)) return `[${brief(key)}]`
  return path === '' ? key : `.${key}`
}

/** A value in a few letters. */
export function brief(value: unknown): string {
  const some = Array.isArray(value) ? value.slice(0, 20) : value
  const text = JSON.stringify(some)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Writing a value takes longer than looking at it. */
const WRITING = 4

/** The same text for the same value, in whatever order its members stand. */
export function canonical(value: unknown, check: Check): string {
  check.spend(WRITING)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, check)).join(',')}]`
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value) ?? ''
    check.spend(text.length >> 6)
    return text
  }
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, it]) => `${JSON.stringify(key)}:${canonical(it, check)}`).join(',')}}`
}
