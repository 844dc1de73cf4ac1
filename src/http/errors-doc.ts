import Type from 'typebox'
import { documented } from './standard'

const ErrorAnswer = (description: string, code: string, message: string) =>
  documented(
    Type.Object(
      {
        error: Type.Object({
          message: Type.String({ description: 'What is wrong, and what to do.' }),
          type: Type.String(),
          param: Type.Union([Type.String(), Type.Null()], { description: 'The field at fault.' }),
          code: Type.Union([Type.String(), Type.Null()], { description: 'Stable: decide by this.' }),
        }),
      },
      {
        description,
        examples: [
          { error: { message, type: 'invalid_request_error', param: null, code } },
        ],
      },
    ),
  )

/** The failures that every call with a key can meet. */
export const keyFailures = {
  401: ErrorAnswer('No key, or a wrong one.', 'invalid_api_key', 'Incorrect API key provided.'),
  404: ErrorAnswer('No such model.', 'model_not_found', "The model 'x' does not exist here."),
}

/** The failures of a turn on top of these. */
export const turnFailures = {
  ...keyFailures,
  400: ErrorAnswer('The request is not right.', 'invalid_value', "'messages' is missing."),
  413: ErrorAnswer('The body is too large.', 'body_too_large', 'The body is too large.'),
  415: ErrorAnswer('The body is not JSON.', 'unsupported_media_type', 'The body must be JSON.'),
  429: ErrorAnswer(
    'The key or every account is at its limit: `Retry-After` says how long.',
    'rate_limit_exceeded',
    'No account can take this request now.',
  ),
  502: ErrorAnswer('The upstream failed.', 'upstream_error', 'The upstream broke the connection.'),
  503: ErrorAnswer('There is no account.', 'no_account', 'No account can serve any model yet.'),
  504: ErrorAnswer('The upstream is too slow.', 'upstream_timeout', 'The upstream fell silent.'),
}
