import { isObject, type Json } from '../../json-value'
import { brief, type Check, type Keywords, type Spot, within, wrong } from './check'

/** What the members of an object must be like. */
export const checkObject: Keywords<Json> = (check, schema, value, spot) => {
  const keys = Object.keys(value)
  check.spend(keys.length)
  let ok = checkRequired(check, schema.required, value, spot)
  if (!ok && !spot) return false
  if (typeof schema.minProperties === 'number' && keys.length < schema.minProperties)
    ok = wrong(spot, `must have at least ${schema.minProperties} members`)
  if (typeof schema.maxProperties === 'number' && keys.length > schema.maxProperties)
    ok = wrong(spot, `must have at most ${schema.maxProperties} members`)
  if (!ok && !spot) return false
  return (
    checkMembers(check, schema, value, spot) &&
    ok &&
    checkDependent(check, schema, value, spot) &&
    checkRest(check, schema, value, spot)
  )
}

function checkRequired(check: Check, required: unknown, value: Json, spot: Spot | undefined) {
  if (!Array.isArray(required)) return true
  check.spend(required.length)
  const missing = required.filter((key) => typeof key === 'string' && !Object.hasOwn(value, key))
  for (const key of missing) wrong(spot, `must have the member ${brief(key)}`)
  return missing.length === 0
}

function checkMembers(check: Check, schema: Json, value: Json, spot: Spot | undefined): boolean {
  const { additionalProperties: others, propertyNames: names } = schema
  const isOpen = others === undefined || others === true
  let ok = true
  for (const key of Object.keys(value)) {
    if (names !== undefined && !check.fits(names, key, undefined))
      ok = wrong(spot, `must not have a member named ${brief(key)}`)
    const schemas = schemasOf(check, schema, key)
    for (const one of schemas) ok = check.fits(one, value[key], within(spot, key)) && ok
    if (schemas.length === 0 && others === false)
      ok = wrong(spot, `must not have the member ${brief(key)}`)
    else if (schemas.length === 0 && !isOpen)
      ok = check.fits(others, value[key], within(spot, key)) && ok
    if (!ok && !spot) return false
  }
  return ok
}

/** What a schema says of a member by its name. */
function schemasOf(check: Check, schema: Json, key: string): unknown[] {
  const { properties, patternProperties: patterns } = schema
  const schemas: unknown[] = []
  if (isObject(properties) && Object.hasOwn(properties, key)) schemas.push(properties[key])
  if (!isObject(patterns)) return schemas
  for (const source of Object.keys(patterns)) {
    check.spend(1)
    // What cannot be looked for is taken to be there: nothing is refused for it.
    const pattern = check.pattern(source)
    if (!pattern) schemas.push(true)
    else if (pattern.test(key, check.spend)) schemas.push(patterns[source])
  }
  return schemas
}

/** What the members that are there ask for, in the words of any draft. */
function checkDependent(check: Check, schema: Json, value: Json, spot: Spot | undefined): boolean {
  let ok = true
  for (const name of ['dependentRequired', 'dependentSchemas', 'dependencies']) {
    const asked = schema[name]
    if (!isObject(asked)) continue
    for (const key of Object.keys(asked)) {
      check.spend(1)
      if (!Object.hasOwn(value, key)) continue
      const it = asked[key]
      ok =
        (Array.isArray(it) ? checkRequired(check, it, value, spot) : check.fits(it, value, spot)) &&
        ok
    }
  }
  return ok
}

function checkRest(check: Check, schema: Json, value: Json, spot: Spot | undefined): boolean {
  const { unevaluatedProperties: rest } = schema
  if (rest === undefined || rest === true) return true
  const known = new Set<string>()
  addKnown(check, { ...schema, unevaluatedProperties: undefined }, value, known)
  let ok = true
  for (const key of Object.keys(value)) {
    if (known.has(key) || check.fits(rest, value[key], undefined)) continue
    ok = wrong(spot, `must not have the member ${brief(key)}`)
  }
  return ok
}

/** The members that a schema says anything of, together with all that it is made of. */
function addKnown(check: Check, schema: unknown, value: Json, known: Set<string>): void {
  if (!isObject(schema)) return
  const { additionalProperties, unevaluatedProperties } = schema
  const isAll = additionalProperties !== undefined || unevaluatedProperties !== undefined
  for (const key of Object.keys(value)) {
    check.spend(1)
    if (isAll || schemasOf(check, schema, key).length > 0) known.add(key)
  }
  for (const part of check.applied(schema, value)) addKnown(check, part, value, known)
}
