import { describe, expect, test } from 'bun:test'
import { judge } from '#src/dispatch/judge'
import { ApiError, UpstreamFault } from '#src/errors'

const refused = (status: number, message = 'No.', retryAfterMs?: number) =>
  new UpstreamFault('refused', message, { status, retryAfterMs })

describe('whose fault it is, what the account gets, and what the client hears', () => {
  const rows: readonly [string, UpstreamFault, string | undefined, boolean, number][] = [
    ['a bad request', refused(400), undefined, false, 400],
    [
      'a wrong key, as xAI says it',
      refused(400, 'Incorrect API key provided: xx.'),
      'unauthorized',
      true,
      502,
    ],
    ['a refused account', refused(401), 'unauthorized', true, 502],
    ['a blocked account', refused(403, 'Your team is blocked.'), 'unauthorized', true, 502],
    [
      'a moderated request',
      refused(403, 'Content violates usage guidelines.'),
      undefined,
      false,
      403,
    ],
    ['an unknown model', refused(404), undefined, true, 404],
    ['a request that is too large', refused(413), undefined, false, 413],
    ['an unprocessable request', refused(422), undefined, false, 422],
    ['no credit', refused(402), 'quota', true, 429],
    ['a rate limit', refused(429, 'Slow', 5000), 'quota', true, 429],
    ['a fault of the upstream', refused(500), 'fault', true, 502],
    ['an overload', refused(529), 'fault', true, 502],
    ['a time-out', new UpstreamFault('timeout', 'Late.'), 'fault', true, 504],
    ['no connection', new UpstreamFault('unreachable', 'Gone.'), 'fault', true, 502],
    ['a redirect', new UpstreamFault('redirect', 'There.'), 'fault', true, 502],
    ['garbage', new UpstreamFault('malformed', 'What?'), 'fault', true, 502],
  ]
  test.each(rows)('%s', (_, fault, cooling, elsewhere, status) => {
    const verdict = judge(fault, 'xai')
    expect(verdict.cooling).toBe(cooling as never)
    expect(verdict.elsewhere).toBe(elsewhere)
    expect(verdict.error.status).toBe(status)
  })
})

test("the upstream's word for how long is kept", () => {
  const verdict = judge(refused(429, 'Slow', 5000), 'openai')
  expect(verdict.retryAfterMs).toBe(5000)
  expect(verdict.error.details.retryAfter).toBe(5)
})

test('the demo account never rests: it fails because it was asked to', () => {
  expect(judge(new UpstreamFault('broken', 'As asked.'), 'demo').cooling).toBeUndefined()
})

test('what is no fault of an upstream is not judged', () => {
  const gone = new ApiError('client_gone', 'Left.')
  expect(() => judge(gone, 'xai')).toThrow(gone)
})
