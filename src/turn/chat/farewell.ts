import type { ApiError } from '../../errors'

/**
 * The last event of a chat stream that broke off: OpenAI's error object, after which nothing comes,
 * neither a finish reason nor `[DONE]`.
 */
export const farewell = (error: ApiError): string => `data: ${JSON.stringify(error.toBody())}\n\n`
