import type { DocumentDecoration } from 'elysia'
import Type, { type TSchema } from 'typebox'
import { ApiError, type FailureCode } from '../errors'

interface OperationParts {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: NonNullable<DocumentDecoration['parameters']>
  /** What the route's body reader checks. */
  readonly body?: TSchema
  /** The same as a form, where it may, or must, be one. */
  readonly form?: TSchema
  /** The same as a file of any other type. */
  readonly file?: TSchema
  /** What it answers, by status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Whether it takes a key. */
  readonly open?: boolean
}

interface Answer {
  readonly description: string
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>
}

/** Describe a route in the OpenAPI document, by the schemas that its code uses. */
export const operation = ({
  body,
  form,
  file,
  answers,
  open,
  ...rest
}: OperationParts): DocumentDecoration => ({
  ...rest,
  ...((body || form) && {
    requestBody: {
      required: true,
      content: {
        ...(body && { 'application/json': { schema: body } }),
        ...(form && { 'multipart/form-data': { schema: form } }),
        ...(file && { '*/*': { schema: file } }),
      },
    },
  }),
  ...(open && { security: [] }),
  responses: answers,
})

/** A JSON answer, and what it is as server-sent events where it can be streamed. */
export const answers = (description: string, schema: TSchema, event?: TSchema): Answer => ({
  description,
  content: {
    'application/json': { schema },
    ...(event && { 'text/event-stream': { schema: event } }),
  },
})

/** A failure in OpenAI's shape. */
export const failure = (description: string, code: FailureCode, message: string): Answer =>
  answers(
    description,
    Type.Object(
      {
        error: Type.Object({
          message: Type.String({ description: 'What is wrong, and what to do.' }),
          type: Type.String(),
          param: Type.Union([Type.String(), Type.Null()], { description: 'The field at fault.' }),
          code: Type.Union([Type.String(), Type.Null()], {
            description: 'Stable: decide by this.',
          }),
        }),
      },
      { examples: [new ApiError(code, message).toBody()] },
    ),
  )

/** The failures that every call with a key can meet. */
export const keyFailures = {
  401: failure('No key, or a wrong one.', 'invalid_api_key', 'Incorrect API key provided.'),
  404: failure('No such model.', 'model_not_found', "The model 'x' does not exist here."),
}

/** The failures of calls that look at one object. */
export const objectFailures = {
  401: keyFailures[401],
  404: failure(
    'No such object, or none of this key.',
    'not_found',
    "There is no conversation 'conv_x'.",
  ),
  503: failure(
    'The database is away: `Retry-After` says when to try again.',
    'not_ready',
    'What was stored cannot be read now.',
  ),
}

/** A part of a path that names one object. */
export const pathParameter = (name: string, example: string) => ({
  name,
  in: 'path' as const,
  required: true,
  schema: { type: 'string' as const },
  example,
})

/** What part of a list is wanted. */
export const listParameters = [
  {
    name: 'limit',
    in: 'query' as const,
    description: 'How many at most.',
    schema: { type: 'integer' as const, minimum: 1, maximum: 100, default: 20 },
  },
  {
    name: 'order',
    in: 'query' as const,
    description: '`asc` begins with the oldest, `desc` with the newest.',
    schema: { type: 'string' as const, enum: ['asc', 'desc'] },
  },
  {
    name: 'after',
    in: 'query' as const,
    description: 'The `last_id` of the part before this one.',
    schema: { type: 'string' as const },
  },
]

/** What else to show of items. */
export const includeParameter = {
  name: 'include',
  in: 'query' as const,
  description: '`reasoning.encrypted_content` shows what only the upstream can read of thoughts.',
  schema: { type: 'array' as const, items: { type: 'string' as const } },
  example: ['reasoning.encrypted_content'],
}

/** The failures of calls that bring something. */
export const writeFailures = {
  400: failure(
    'The request is not right: `param` names the field.',
    'invalid_value',
    '"metadata" has 17 pairs; there may be 16.',
  ),
  401: keyFailures[401],
  413: failure('The body is too large.', 'body_too_large', 'The body is too large.'),
  415: failure('The body is not JSON.', 'unsupported_media_type', 'The body must be JSON.'),
}

/** The failures of calls that ask for a part or a form of an object. */
export const askFailures = { 400: writeFailures[400], ...objectFailures }

/** The failures of a turn on top of these. */
export const turnFailures = {
  ...keyFailures,
  ...writeFailures,
  403: failure(
    'The key may not use this model.',
    'model_not_allowed',
    "This API key may not use the model 'x'.",
  ),
  429: failure(
    'The key or every account is at its limit: `Retry-After` says how long.',
    'rate_limit_exceeded',
    'No account can take this request now.',
  ),
  502: failure('The upstream failed.', 'upstream_error', 'The upstream broke the connection.'),
  503: failure(
    'There is no account yet, or the database is away that has what was said before.',
    'no_account',
    'No account can serve any model yet.',
  ),
  504: failure('The upstream is too slow.', 'upstream_timeout', 'The upstream fell silent.'),
}
