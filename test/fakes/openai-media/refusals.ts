/** What goes into an error besides its message. */
interface About {
  readonly type?: string
  readonly param?: string | null
  readonly code?: string | null
}

const TYPES: Readonly<Record<number, string>> = { 429: 'requests', 500: 'server_error' }
const CODES: Readonly<Record<number, string>> = {
  401: 'invalid_api_key',
  429: 'rate_limit_exceeded',
}

/** An error as OpenAI writes it. */
export const failed = (status: number, message: string, about: About = {}): Response => {
  const { type = 'invalid_request_error', param = null, code = null } = about
  return Response.json({ error: { message, type, param, code } }, { status })
}

/** A refusal that only a status is known of. */
export function refuse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const type = TYPES[status] ?? (status > 500 ? 'server_error' : 'invalid_request_error')
  const response = failed(status, message, { type, code: CODES[status] ?? null })
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

/** A field with a value that cannot be. */
export const invalid = (param: string, message: string, code = 'invalid_value'): Response =>
  failed(400, message, { param, code })

export const unknownField = (param: string): Response =>
  invalid(param, `Unknown parameter: '${param}'.`, 'unknown_parameter')

export const lacking = (param: string): Response =>
  invalid(param, `Missing required parameter: '${param}'.`, 'missing_required_parameter')

export const moderated = (): Response =>
  failed(400, 'Your request was rejected by the safety system.', {
    type: 'image_generation_user_error',
    code: 'moderation_blocked',
  })

export const unknownModel = (model: unknown): Response =>
  failed(404, `The model '${model}' does not exist or you do not have access to it.`, {
    param: 'model',
    code: 'model_not_found',
  })
