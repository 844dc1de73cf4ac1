import type { TLocalizedValidationError } from 'typebox/error'
import { ApiError } from '../errors'

/**
 * The one thing to tell a client about a value that does not fit its schema: the field at fault, with
 * all the types it could have. Of those that a union complains of, it is the innermost: the others are
 * of forms that the client did not mean.
 */
export function complain(errors: readonly TLocalizedValidationError[]): ApiError {
  const deepest = Math.max(...errors.map(depthOf))
  const path = errors.find((error) => depthOf(error) === deepest)?.instancePath ?? ''
  const here = errors.filter(({ instancePath }) => instancePath === path)
  const lacking = here.find(({ keyword }) => keyword === 'required')
  const missing =
    lacking?.keyword === 'required' ? lacking.params.requiredProperties.slice(0, 1) : []
  const param = [...path.split('/').slice(1), ...missing].join('.')
  const problem = lacking ? 'is missing' : problemOf(here)
  return new ApiError('invalid_value', param ? `'${param}' ${problem}.` : `The body ${problem}.`, {
    param: param || undefined,
  })
}

function problemOf(here: readonly TLocalizedValidationError[]): string {
  // What is too large, or none of some words, is none of the other types of its union either.
  const range = here.find(({ keyword }) => RANGES.has(keyword))
  if (range) return range.message
  const words = here.flatMap((error) =>
    error.keyword === 'enum' ? error.params.allowedValues : [],
  )
  if (words.length > 0) return `must be ${anyOf(words.map(String))}`
  const types = here.flatMap((error) => (error.keyword === 'type' ? error.params.type : []))
  return types.length > 0 ? `must be ${anyOf(types)}` : (here[0]?.message ?? 'is not valid')
}

const RANGES: ReadonlySet<string> = new Set([
  ...['minimum', 'maximum', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems'],
])

const depthOf = ({ instancePath }: TLocalizedValidationError): number =>
  instancePath.split('/').length

function anyOf(names: readonly string[]): string {
  const unique = [...new Set(names)]
  return unique.length > 1
    ? `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
    : `${unique[0]}`
}
