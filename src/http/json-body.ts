import { Elysia } from 'elysia'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ApiError } from '../errors'
import { type JsonObject, readObject } from '../json'
import type { Caller } from './caller'
import type { Intake, IntakeLimits } from './intake'
import { complaintOf } from './complaint'
import { face } from './standard'

/** A body that was read, with the memory it holds. */
export interface Body<T> extends JsonObject<T> {
  readonly release: () => void
}

interface JsonBodyParts {
  readonly intake: Intake
  readonly limits: () => IntakeLimits | Promise<IntakeLimits>
}

/**
 * Routes that `use` this get their body as a `Body`: strict JSON within the limits, checked against
 * the route's schema by `bodyOf`, and still in the client's own words.
 */
export const jsonBody = ({ intake, limits }: JsonBodyParts) =>
  new Elysia({ name: 'json-body' }).onTransform({ as: 'scoped' }, async (context) => {
    const { request } = context
    // What someone sends with a key of their own is for xAI to read.
    if ((context as { caller?: Caller }).caller?.kind === 'own') return
    const type = request.headers.get('content-type') ?? ''
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
      throw new ApiError(
        'unsupported_media_type',
        `The body must be JSON: send the header "Content-Type: application/json"${type && ` instead of "${type.slice(0, 100)}"`}.`,
      )
    const { text, release } = await intake.read(request, await limits())
    try {
      context.body = { ...readObject(text), release }
    } catch (cause) {
      release()
      throw cause
    }
  })

/** A route's body schema: TypeBox for what the client sends, `Body` for what the handler gets. */
export function bodyOf<T extends TSchema>(schema: T) {
  const validator = Compile(schema)
  return face<T, Body<Static<T>>>(schema, (value) => {
    const body = value as Body<Static<T>>
    if (body === undefined) return { value: body }
    if (validator.Check(body.value)) return { value: body }
    body.release()
    return { issues: [complaintOf(validator.Errors(body.value))] }
  })
}
