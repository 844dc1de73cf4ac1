import type { DocumentDecoration } from 'elysia'
import { failure, operation } from '../http/operation'

/** Describe a call of the admin API in the OpenAPI document, by the schemas that its code uses. */
export const adminOperation = (parts: Parameters<typeof operation>[0]): DocumentDecoration => ({
  ...operation({ ...parts, answers: { ...parts.answers, ...FAILURES } }),
  security: [{ admin: [] }],
})

const FAILURES = {
  401: failure('Nobody is logged in, and there is no admin token.', 'not_logged_in', 'Log in.'),
  403: failure("Another site's page sent this.", 'cross_site', 'This is refused.'),
}
