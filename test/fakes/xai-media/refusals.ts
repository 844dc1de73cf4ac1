/** What xAI writes into `code` (xai-api.md 2.4). */
const CODES: Readonly<Record<number, string>> = {
  400: 'Client specified an invalid argument',
  401: 'The request does not have valid authentication credentials for the operation',
  403: 'The caller does not have permission to execute the specified operation',
  404: 'Some requested entity was not found',
  413: 'The request is too large',
  415: 'The content type is not supported',
  422: 'The request body is not valid',
  429: 'Some resource has been exhausted',
  500: 'Internal error',
  503: 'The service is currently unavailable',
  529: 'The service is overloaded',
}

/** A refusal as xAI mostly writes it: `{code,error}`. */
export const refuse = (
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Response => Response.json({ code: CODES[status] ?? 'Unknown', error }, { status, headers })

export const unprocessable = (what: string): Response =>
  refuse(422, `Failed to deserialize the JSON body into the target type: ${what}`)

export const missing = (what: string): Response => refuse(404, `${what} was not found.`)
