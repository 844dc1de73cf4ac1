import { describe, expect, test } from 'bun:test'
import { judge } from '#src/dispatch/judge'
import { RULES } from '#src/dispatch/verdicts'
import { WEB_RULES } from '#src/dispatch/web-verdicts'
import { ApiError, SetupError, UpstreamFault, unable } from '#src/errors'
import { UNFINISHED } from '#src/upstream/fault'

const PLACE = { kind: 'xai', model: 'grok-4', endpoint: 'chat.completions' } as const

const refused = (status: number, message = 'No.', code?: string) =>
  new UpstreamFault('refused', message, { status, code })

/** What an upstream said, whose fault it is, what the account gets, elsewhere?, what the client gets. */
type Row = readonly [
  name: string,
  fault: UpstreamFault,
  culprit: string,
  effect: string,
  elsewhere: boolean,
  status: number,
]

const ROWS: readonly Row[] = [
  ['the proxy', new UpstreamFault('egress', 'P'), 'egress', 'cooling', true, 502],
  [
    'a challenge of the edge, which is about our address and not about the account',
    refused(403, 'Just a moment...', 'challenge'),
    'egress',
    'none',
    true,
    502,
  ],
  [
    'a request that cannot do without what the upstream has not',
    unable('No.', 'n'),
    'client',
    'none',
    true,
    400,
  ],
  [
    'an answer that is not what was asked for',
    new UpstreamFault('unfit', 'F'),
    'upstream',
    'none',
    false,
    502,
  ],
  ['no connection', new UpstreamFault('unreachable', 'U'), 'upstream', 'cooling', true, 502],
  [
    'a connection that broke before the answer',
    new UpstreamFault('broken', 'B'),
    'upstream',
    'cooling',
    true,
    502,
  ],
  [
    'work that takes too long, of an account that answers',
    new UpstreamFault('timeout', 'T', { code: UNFINISHED }),
    'upstream',
    'none',
    false,
    504,
  ],
  ['silence', new UpstreamFault('timeout', 'T'), 'upstream', 'cooling', true, 504],
  [
    'nonsense, or a pointer elsewhere',
    new UpstreamFault('malformed', 'M'),
    'upstream',
    'cooling',
    true,
    502,
  ],
  [
    'nonsense, or a pointer elsewhere',
    new UpstreamFault('redirect', 'R'),
    'upstream',
    'cooling',
    true,
    502,
  ],
  ['a refused credential', refused(401), 'account', 'suspect', true, 502],
  [
    'a refused credential, as xAI says it',
    refused(400, 'Incorrect API key provided: xx.'),
    'account',
    'suspect',
    true,
    502,
  ],
  ['a blocked account', refused(403, 'Your team is blocked.'), 'account', 'suspect', true, 502],
  [
    'a model that the account may not use',
    refused(403, 'Your team has no access to the model grok-4.'),
    'account',
    'cooling',
    true,
    502,
  ],
  [
    'a moderated request',
    refused(403, 'Content violates usage guidelines.'),
    'client',
    'none',
    false,
    403,
  ],
  [
    'a moderated request',
    refused(
      403,
      'Content violates usage guidelines. Team: t, API key ID: k, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO',
      'The caller does not have permission to execute the specified operation',
    ),
    'client',
    'none',
    false,
    403,
  ],
  [
    'no credit, as a refusal',
    refused(403, 'Your newly created team does not have any credits yet.'),
    'quota',
    'exhausted',
    true,
    429,
  ],
  [
    'a rate limit of one model',
    refused(
      429,
      'Rate limit reached for grok-4. You can increase your rate limit by adding a payment method to your account at https://example.com/account/billing.',
    ),
    'quota',
    'cooling',
    true,
    429,
  ],
  [
    'a rate limit',
    refused(429, 'Rate limit reached for grok-4-mini.'),
    'quota',
    'cooling',
    true,
    429,
  ],
  [
    'a moderated request',
    refused(400, 'Rejected by our safety system.', 'moderation_blocked'),
    'client',
    'none',
    false,
    400,
  ],
  ['an account without permission', refused(403), 'account', 'suspect', true, 502],
  ['no credit', refused(402), 'quota', 'exhausted', true, 429],
  [
    'no credit, as a rate limit',
    refused(429, 'You exceeded your current quota.', 'insufficient_quota'),
    'quota',
    'exhausted',
    true,
    429,
  ],
  [
    'a rate limit of one model',
    refused(429, 'Rate limit reached for grok-4 in organization org-1 on requests per min (RPM).'),
    'quota',
    'cooling',
    true,
    429,
  ],
  [
    'a rate limit of one endpoint',
    refused(429, 'Too many requests to this endpoint.'),
    'quota',
    'cooling',
    true,
    429,
  ],
  ['a rate limit', refused(429, 'Too many requests.'), 'quota', 'cooling', true, 429],
  [
    'a model that this upstream does not know',
    refused(404, 'The model grok-9 does not exist.'),
    'client',
    'none',
    true,
    404,
  ],
  [
    'a request that is too long for the model',
    refused(400, "This model's maximum prompt length is 131072.", 'context_length_exceeded'),
    'client',
    'none',
    false,
    400,
  ],
  ['an upstream that took too long', refused(408), 'upstream', 'cooling', true, 502],
  [
    'a gateway that finds nobody behind it',
    refused(502, 'Bad gateway'),
    'upstream',
    'cooling',
    true,
    502,
  ],
  [
    'a gateway that finds nobody behind it',
    refused(522, 'Timed out'),
    'upstream',
    'cooling',
    true,
    502,
  ],
  ['an overload', refused(529, 'Overloaded'), 'upstream', 'cooling', true, 502],
  ['an overload', refused(503), 'upstream', 'cooling', true, 502],
  ['a fault of the upstream', refused(500), 'upstream', 'cooling', true, 502],
  ['any other refusal of the request', refused(400), 'client', 'none', false, 400],
  ['any other refusal of the request', refused(413), 'client', 'none', false, 413],
  ['any other refusal of the request', refused(422), 'client', 'none', false, 422],
]

describe('whose fault it is, what the account gets, and what the client hears', () => {
  test.each(ROWS)('%s', (_, fault, culprit, effect, elsewhere, status) => {
    const verdict = judge(fault, PLACE)
    expect<string>(verdict.culprit).toBe(culprit)
    expect<string>(verdict.effect).toBe(effect)
    expect(verdict.elsewhere).toBe(elsewhere)
    expect(verdict.error.status).toBe(status)
  })
  test('every row of the table has its case', () => {
    const shared = RULES.filter((rule) => !WEB_RULES.includes(rule))
    expect(new Set(ROWS.map(([name]) => name))).toEqual(new Set(shared.map(({ name }) => name)))
  })
})

describe('a rest is scoped where the upstream says so', () => {
  test.each([
    ['Rate limit reached for grok-4.', 'grok-4'],
    ['Too many requests to this endpoint.', 'grok-4 chat.completions'],
    ['Too many requests.', ''],
  ])('%s', (message, scope) => {
    expect(judge(refused(429, message), PLACE).scope).toBe(scope)
  })
})

test("the upstream's word for how long is kept, and makes a second try worth while", () => {
  const fault = new UpstreamFault('refused', 'Slow', { status: 429, retryAfterMs: 5000 })
  const verdict = judge(fault, PLACE)
  expect(verdict).toMatchObject({ saidMs: 5000, again: true })
  expect(verdict.error.details.retryAfter).toBe(5)
  expect(judge(refused(429), PLACE).again).toBeFalse()
})

test('once an answer has begun nobody else is asked, nor the same again', () => {
  const details = { status: 429, retryAfterMs: 5000, begun: true }
  const verdict = judge(new UpstreamFault('refused', 'Slow', details), PLACE)
  expect(verdict).toMatchObject({ elsewhere: false, again: false, effect: 'cooling' })
})

test('a route may go on after a request that is too long, or moderated', () => {
  expect(judge(refused(400, 'maximum context length'), PLACE).refusal).toBe('context_length')
  expect(judge(refused(403, 'usage guidelines'), PLACE).refusal).toBe('moderation')
  expect(judge(refused(400, 'temperature'), PLACE).refusal).toBeUndefined()
})

test('the demo account never rests: it fails because it was asked to', () => {
  const fault = new UpstreamFault('broken', 'As asked.')
  expect(judge(fault, { ...PLACE, kind: 'demo' })).toMatchObject({
    effect: 'none',
    host: undefined,
  })
})

test('an account whose secret does not open is ours to mend', () => {
  expect(judge(new SetupError('Sealed.', 'Open it.'), PLACE)).toMatchObject({
    culprit: 'us',
    effect: 'cooling',
    elsewhere: true,
  })
})

test('what is no fault of an upstream is not judged', () => {
  const gone = new ApiError('client_gone', 'Left.')
  expect(() => judge(gone, PLACE)).toThrow(gone)
})
