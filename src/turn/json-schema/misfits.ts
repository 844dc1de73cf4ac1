import { isObject, type Json } from '../../json-value'
import { checkArray } from './arrays'
import { brief, type Check, canonical, MOST_TOLD, type Spot, wrong } from './check'
import { checkObject } from './objects'
import { compilePattern, type Pattern } from './pattern'
import { createRefs } from './refs'
import { checkNumber, checkText } from './scalars'

/** What one look may take: more than an honest answer needs, and less than anyone notices. */
const MOST_STEPS = 2_000_000
const DEEPEST = 200

/**
 * What of a value does not fit a JSON Schema, in words; nothing when it fits. The schema may be a
 * stranger's: whatever of it is not understood is left unheeded, nothing of it is run or fetched, and
 * what it may cost is bounded.
 *
 * @returns undefined when it would take too long to tell
 */
export function misfits(schema: unknown, value: unknown): readonly string[] | undefined {
  try {
    if (createCheck(schema).fits(schema, value, undefined)) return []
  } catch (cause) {
    if (cause instanceof RangeError) return
    throw cause
  }
  const spot = { path: '', wrong: [] as string[] }
  try {
    createCheck(schema).fits(schema, value, spot)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
  }
  return spot.wrong.length > 0 ? spot.wrong : ['the value does not fit the schema']
}

function createCheck(root: unknown): Check {
  const patterns = new Map<string, Pattern | undefined>()
  const refOf = createRefs(root, spend)
  let left = MOST_STEPS
  let depth = 0

  function spend(steps: number): void {
    left -= steps
    if (left < 0) throw new RangeError('It would take too long.')
  }

  function pattern(source: string): Pattern | undefined {
    if (!patterns.has(source)) patterns.set(source, compilePattern(source))
    return patterns.get(source)
  }

  function fits(schema: unknown, value: unknown, spot: Spot | undefined): boolean {
    if (schema === false) return wrong(spot, 'must not be there')
    if (!isObject(schema)) return true
    if (spot && spot.wrong.length >= MOST_TOLD) return false
    spend(1)
    if (++depth > DEEPEST) throw new RangeError('It is too deep.')
    const ok = fitsAll(schema, value, spot)
    depth--
    return ok
  }

  function fitsAll(schema: Json, value: unknown, spot: Spot | undefined): boolean {
    // As OpenAPI 3.0 says it.
    if (value === null && schema.nullable === true) return true
    if (!isOfType(schema.type, value)) return wrong(spot, typeWanted(schema.type, value))
    return (
      fitsValues(schema, value, spot) &&
      fitsKind(schema, value, spot) &&
      combined(schema, value, spot)
    )
  }

  function fitsValues(schema: Json, value: unknown, spot: Spot | undefined): boolean {
    if ('const' in schema && !isSame(schema.const, value))
      return wrong(spot, `must be ${brief(schema.const)}, not ${brief(value)}`)
    const { enum: values } = schema
    if (!Array.isArray(values)) return true
    spend(values.length >> 3)
    if (values.includes(value) || values.some((one) => isSame(one, value))) return true
    return wrong(spot, `must be one of ${brief(values)}, not ${brief(value)}`)
  }

  function isSame(one: unknown, other: unknown): boolean {
    if (typeof one !== 'object' || typeof other !== 'object') return one === other
    return canonical(one, check) === canonical(other, check)
  }

  function fitsKind(schema: Json, value: unknown, spot: Spot | undefined): boolean {
    if (typeof value === 'string') return checkText(check, schema, value, spot)
    if (typeof value === 'number') return checkNumber(check, schema, value, spot)
    if (Array.isArray(value)) return checkArray(check, schema, value, spot)
    return isObject(value) ? checkObject(check, schema, value, spot) : true
  }

  /** What a schema says by way of other schemas. */
  function combined(schema: Json, value: unknown, spot: Spot | undefined): boolean {
    const { allOf, anyOf, oneOf, not } = schema
    for (const part of [refTarget(schema), ...listOf(allOf), branchOf(schema, value)])
      if (part !== undefined && !fits(part, value, spot)) return false
    if (Array.isArray(anyOf) && !anyOf.some((one) => fits(one, value, undefined)))
      return tellNearest(anyOf, value, spot)
    if (Array.isArray(oneOf)) {
      const good = oneOf.filter((one) => fits(one, value, undefined)).length
      if (good === 0) return tellNearest(oneOf, value, spot)
      if (good > 1) return wrong(spot, 'must fit only one of what it may be, and fits several')
    }
    if (not !== undefined && not !== null && fits(not, value, undefined))
      return wrong(spot, 'is what it must not be')
    return true
  }

  function refTarget({ $ref, $dynamicRef, $recursiveRef }: Json): unknown {
    const ref = [$ref, $dynamicRef, $recursiveRef].find((one) => typeof one === 'string')
    return ref === undefined ? undefined : refOf(ref as string)
  }

  function branchOf(schema: Json, value: unknown): unknown {
    if (schema.if === undefined) return
    return fits(schema.if, value, undefined) ? schema.then : schema.else
  }

  /** Of several that do not fit, tell what is wrong by the one that was meant, as far as that shows. */
  function tellNearest(
    branches: readonly unknown[],
    value: unknown,
    spot: Spot | undefined,
  ): false {
    if (!spot) return false
    const told = branches.slice(0, MOST_TOLD).map((branch) => {
      const own = { path: spot.path, wrong: [] as string[] }
      fits(branch, value, own)
      return own.wrong
    })
    // It is rather of the kind of a branch that has only something against what it is like.
    const tail = `, not ${brief(value)}`
    const meant = told.find(([first]) => first !== undefined && !first.endsWith(tail))
    if (meant) spot.wrong.push(...meant.slice(0, MOST_TOLD - spot.wrong.length))
    else wrong(spot, `fits none of what it may be: ${told.flat().join('; or ')}`)
    return false
  }

  function applied(schema: Json, value: unknown): readonly unknown[] {
    const { allOf, anyOf, oneOf, dependentSchemas } = schema
    const parts = [refTarget(schema), ...listOf(allOf), branchOf(schema, value), schema.if]
    parts.push(...listOf(anyOf), ...listOf(oneOf))
    if (isObject(dependentSchemas) && isObject(value))
      for (const key of Object.keys(dependentSchemas))
        if (Object.hasOwn(value, key)) parts.push(dependentSchemas[key])
    return parts.filter((part) => part !== undefined && fits(part, value, undefined))
  }

  const check: Check = { fits, applied, spend, pattern }
  return check
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A type that nobody knows is no reason to refuse anything. */
function isOfType(type: unknown, value: unknown): boolean {
  if (type === undefined) return true
  if (Array.isArray(type)) return type.some((one) => isOfType(one, value))
  const own = typeOf(value)
  if (type === 'number') return own === 'number'
  if (type === 'integer') return Number.isInteger(value)
  return type === own || !TYPES.has(String(type))
}

const TYPES: ReadonlySet<string> = new Set(['string', 'boolean', 'null', 'object', 'array'])

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

const typeWanted = (type: unknown, value: unknown): string =>
  `must be ${Array.isArray(type) ? type.join(' or ') : type}, not ${brief(value)}`
