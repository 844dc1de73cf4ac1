import type { TLocalizedValidationError } from 'typebox/error'
import { ApiError } from '../errors'

/**
 * The one thing to tell a client about a value that does not fit its schema: the first field at
 * fault, with all the types it could have.
 */
export function complain(errors: readonly TLocalizedValidationError[]): ApiError {
  const [first] = errors
  const here = errors.filter(({ instancePath }) => instancePath === first?.instancePath)
  const missing = first?.keyword === 'required' ? first.params.requiredProperties.slice(0, 1) : []
  const param = [...(first?.instancePath.split('/').slice(1) ?? []), ...missing].join('.')
  const problem = problemOf(first, here)
  return new ApiError('invalid_value', param ? `'${param}' ${problem}.` : `The body ${problem}.`, {
    param: param || undefined,
  })
}

function problemOf(
  first: TLocalizedValidationError | undefined,
  here: readonly TLocalizedValidationError[],
): string {
  if (!first) return 'is not valid'
  const types = here.flatMap((error) => (error.keyword === 'type' ? error.params.type : []))
  if (types.length > 0) return `must be ${anyOf(types)}`
  if (first.keyword === 'enum') return `must be ${anyOf(first.params.allowedValues.map(String))}`
  return first.keyword === 'required' ? 'is missing' : first.message
}

function anyOf(names: readonly string[]): string {
  const unique = [...new Set(names)]
  return unique.length > 1
    ? `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
    : `${unique[0]}`
}
