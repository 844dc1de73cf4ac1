import { ApiError, UpstreamFault } from '../../errors'

const encoder = new TextEncoder()

/**
 * The last event of a chat stream that broke off: OpenAI's error object, after which nothing comes,
 * neither a finish reason nor `[DONE]`.
 */
export function farewell(cause: unknown): Uint8Array {
  const error =
    cause instanceof UpstreamFault
      ? new ApiError(
          cause.kind === 'timeout' ? 'upstream_timeout' : 'upstream_error',
          cause.message,
        )
      : new ApiError('internal_error', 'Groxy failed within the answer.')
  return encoder.encode(`data: ${JSON.stringify(error.toBody())}\n\n`)
}
