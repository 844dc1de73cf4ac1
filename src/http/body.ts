import type { Static, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/schema'
import { ApiError } from '../errors'
import { type JsonObject, readObject } from '../json'
import { complain } from './complaint'
import type { Intake, IntakeLimits } from './intake'

/** A body that was read and checked, with the memory it holds. */
export interface Body<T> extends JsonObject<T> {
  /** Gives the memory back. */
  readonly release: () => void
}

interface BodyParts {
  readonly checks: Checks
  readonly intake: Intake
  readonly limits: () => IntakeLimits
}

/**
 * Makes readers of JSON bodies. What they give is strict JSON within the limits, fits the schema, and
 * still is in the client's own words.
 *
 * Not Elysia's own parser and validator, which lose the text, the order (a stranger must learn 401
 * before a body is read) and OpenAI's error shape.
 */
export const createBodyReaders =
  ({ checks, intake, limits }: BodyParts) =>
  <T extends TSchema>(schema: T) => {
    const check = checks(schema)
    return async (request: Request): Promise<Body<Static<T>>> => {
      requireJson(request.headers.get('content-type') ?? '')
      const { body: text, release } = await intake.read(request, limits())
      try {
        const { value, members } = readObject(text)
        return { text, value: check(value), members, release }
      } catch (cause) {
        release()
        throw cause
      }
    }
  }

/** Makes a check that a value fits a schema. @throws ApiError that names the first field at fault */
export type Checks = <T extends TSchema>(schema: T) => (value: unknown) => Static<T>

/**
 * Makes checks that are compiled once for each schema: when the first value comes, so that no start
 * waits for what is asked for later or never, or at once where code may only be made at the start.
 */
export function createChecks(compilesLate: boolean): Checks {
  const known = new Map<TSchema, Validator>()

  function compiled(schema: TSchema): Validator {
    const validator = known.get(schema) ?? Compile(schema)
    known.set(schema, validator)
    return validator
  }

  return <T extends TSchema>(schema: T) => {
    let validator = compilesLate ? undefined : compiled(schema)
    return (value: unknown) => {
      validator ??= compiled(schema)
      if (validator.Check(value)) return value as Static<T>
      const [, errors] = validator.Errors(value)
      throw complain(errors)
    }
  }
}

export type BodyReaders = ReturnType<typeof createBodyReaders>

/** Whether a request brought a body; Workers give one of no length a stream all the same. */
export const hasBody = ({ body, headers }: Request): boolean =>
  body !== null && headers.get('content-length') !== '0'

function requireJson(type: string) {
  if (type === 'application/json') return
  if (/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) return
  const instead = type && ` instead of "${type.slice(0, 100)}"`
  throw new ApiError(
    'unsupported_media_type',
    `The body must be JSON: send the header "Content-Type: application/json"${instead}.`,
  )
}
