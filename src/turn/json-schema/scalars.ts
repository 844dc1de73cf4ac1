import { Test as isOfFormat } from 'typebox/format'
import { isText, type Json } from '../../json-value'
import { brief, type Keywords, wrong } from './check'

/** Nothing that has a format is longer. */
const LONGEST_OF_FORMAT = 2_048

/** What a text must be like. */
export const checkText: Keywords<string> = (check, schema, value, spot) => {
  const { minLength, maxLength, pattern, format } = schema
  let ok = true
  if (typeof minLength === 'number' || typeof maxLength === 'number') {
    check.spend(value.length >> 5)
    const length = signs(value)
    if (typeof minLength === 'number' && length < minLength)
      ok = wrong(spot, `must be at least ${minLength} characters long`)
    if (typeof maxLength === 'number' && length > maxLength)
      ok = wrong(spot, `must be at most ${maxLength} characters long`)
  }
  if (typeof pattern === 'string' && check.pattern(pattern)?.test(value, check.spend) === false)
    ok = wrong(spot, `must match the pattern ${brief(pattern)}`)
  if (isText(format) && value.length <= LONGEST_OF_FORMAT) {
    check.spend(1 + (value.length >> 2))
    if (!isOfFormat(format, value))
      ok = wrong(spot, `must have the format ${brief(format)}, unlike ${brief(value)}`)
  }
  return ok
}

/** JSON Schema counts signs, JavaScript halves of some. */
function signs(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isFirstHalf = code >= 0xd800 && code < 0xdc00
    const next = isFirstHalf ? text.charCodeAt(at + 1) : 0
    if (next >= 0xdc00 && next < 0xe000) count--
  }
  return count
}

/** What a number must be like. */
export const checkNumber: Keywords<number> = (_check, schema, value, spot) => {
  const { multipleOf } = schema
  let ok = true
  const [low, isAbove] = limit(schema, 'minimum', 'exclusiveMinimum')
  const [high, isBelow] = limit(schema, 'maximum', 'exclusiveMaximum')
  if (low !== undefined && (isAbove ? value <= low : value < low))
    ok = wrong(spot, `must be ${isAbove ? 'more than' : 'at least'} ${low}`)
  if (high !== undefined && (isBelow ? value >= high : value > high))
    ok = wrong(spot, `must be ${isBelow ? 'less than' : 'at most'} ${high}`)
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf))
    ok = wrong(spot, `must be a multiple of ${multipleOf}`)
  return ok
}

/** A limit, and whether it is itself out of bounds: draft 4 says that with `true`. */
function limit(
  schema: Json,
  inclusive: string,
  exclusive: string,
): readonly [value: number | undefined, isExclusive: boolean] {
  const { [inclusive]: own, [exclusive]: other } = schema
  const within = typeof own === 'number' ? own : undefined
  if (typeof other !== 'number') return [within, other === true]
  if (within === undefined) return [other, true]
  const isStricter = inclusive === 'minimum' ? other >= within : other <= within
  return isStricter ? [other, true] : [within, false]
}

/** Halves and tenths are not exact. */
function isMultiple(value: number, step: number): boolean {
  const times = value / step
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times))
}
