import type { TLocalizedValidationError } from 'typebox/error'

/** What is wrong with a value, and where, in the shape of https://standardschema.dev. */
export interface Complaint {
  readonly message: string
  readonly path: readonly string[]
}

/**
 * The one thing to tell a client about a value that does not fit: the first field at fault, with all
 * the types it could have.
 */
export function complaintOf(errors: readonly TLocalizedValidationError[]): Complaint {
  const [first] = errors
  if (!first) return { message: 'is not valid', path: [] }
  const here = errors.filter(({ instancePath }) => instancePath === first.instancePath)
  const path = first.instancePath.split('/').slice(1)
  const types = here.flatMap((error) => (error.keyword === 'type' ? error.params.type : []))
  if (types.length > 0) return { message: `must be ${anyOf(types)}`, path }
  if (first.keyword === 'enum')
    return { message: `must be ${anyOf(first.params.allowedValues.map(String))}`, path }
  if (first.keyword === 'required')
    return { message: 'is missing', path: [...path, ...first.params.requiredProperties.slice(0, 1)] }
  return { message: first.message, path }
}

function anyOf(names: readonly string[]): string {
  const unique = [...new Set(names)]
  return unique.length > 1 ? `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}` : `${unique[0]}`
}
