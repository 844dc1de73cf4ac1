import type { ApiError } from '../../errors'

/** What a failed Response says of its failure. */
export interface ResponseError {
  readonly code: string
  readonly message: string
}

/** All that OpenAI allows: clients check for them. */
const CODES: ReadonlySet<string> = new Set([
  'server_error',
  'rate_limit_exceeded',
  'invalid_prompt',
  'data_residency_mismatch',
  'bio_policy',
  'vector_store_timeout',
  'invalid_image',
  'invalid_image_format',
  'invalid_base64_image',
  'invalid_image_url',
  'image_too_large',
  'image_too_small',
  'image_parse_error',
  'image_content_policy_violation',
  'invalid_image_mode',
  'image_file_too_large',
  'unsupported_image_media_type',
  'empty_image_file',
  'failed_to_download_image',
  'image_file_not_found',
])

/** What the request itself is to blame for. */
const BAD_REQUEST: ReadonlySet<number> = new Set([400, 413, 415, 422])

/** What the request is not to blame for. */
const OURS: ReadonlySet<string> = new Set([
  'server_error',
  'rate_limit_exceeded',
  'vector_store_timeout',
  'data_residency_mismatch',
])

/** Whether the request is to blame for a failure with this code. */
export const blamesRequest = (code: unknown): boolean =>
  typeof code === 'string' && CODES.has(code) && !OURS.has(code)

/** A failure as a Response may put it. */
export function responseError(error: ApiError): ResponseError {
  const { code } = error.toBody().error
  const { message, status } = error
  if (code !== null && CODES.has(code)) return { code, message }
  if (status === 429) return { code: 'rate_limit_exceeded', message }
  return { code: BAD_REQUEST.has(status) ? 'invalid_prompt' : 'server_error', message }
}
