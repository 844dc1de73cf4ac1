/** JSON as it was sent. */
export type Json = Readonly<Record<string, unknown>>

/** Says what is wrong with a value; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const says =
  (right: (value: unknown) => boolean, what: string): Check =>
  (value) =>
    right(value) ? undefined : `must be ${what}`

export const flag = says((value) => typeof value === 'boolean', 'a boolean')
export const text = says((value) => typeof value === 'string', 'a string')
export const number = says((value) => typeof value === 'number', 'a number')
export const whole = says(Number.isInteger, 'a whole number')
export const object = says(isObject, 'an object')
export const list = says(Array.isArray, 'a list')
export const texts = says(
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'a list of strings',
)
export const flags = says(
  (value) => isObject(value) && Object.values(value).every((item) => typeof item === 'boolean'),
  'an object of booleans',
)
export const oneOf = (known: readonly unknown[]): Check =>
  says((value) => known.includes(value), `one of ${known.join(', ')}`)

/** Whole numbers between two bounds. */
export const between = (least: number, most: number): Check =>
  says(
    (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
    `a whole number from ${least} to ${most}`,
  )

/** What an object may have and must have. */
export interface Shape {
  readonly known: Readonly<Record<string, Check>>
  /** The names of what must be there; by default all that is known. */
  readonly required?: readonly string[]
}

/** What is wrong with an object: not known, of a wrong type, or not there. */
export function faultsOf(value: unknown, { known, required }: Shape, at = ''): string[] {
  if (!isObject(value)) return [`${at || 'the body'} must be an object`]
  const faults: string[] = []
  const name = (field: string) => (at ? `${at}.${field}` : field)
  for (const [field, given] of Object.entries(value)) {
    const check = Object.hasOwn(known, field) ? known[field] : undefined
    const wrong = check ? check(given) : 'is not known'
    if (wrong) faults.push(`${name(field)} ${wrong}`)
  }
  for (const field of required ?? Object.keys(known))
    if (!Object.hasOwn(value, field)) faults.push(`${name(field)} is missing`)
  return faults
}

/** A check of an object within an object. */
export const shaped =
  (shape: Shape): Check =>
  (value) => {
    const faults = faultsOf(value, shape)
    return faults.length > 0 ? `is wrong: ${faults.join('; ')}` : undefined
  }
