import { describe, expect, test } from 'bun:test'
import { judge } from '#src/dispatch/judge'
import { WEB_RULES } from '#src/dispatch/web-verdicts'
import { UpstreamFault } from '#src/errors'
import { refusesKey } from '#src/upstream/fault'

const HOUR = 3_600_000
const PLACE = {
  kind: 'web',
  model: 'grok-4',
  endpoint: 'chat.completions',
  quota: 'units grok-4',
} as const

const refused = (status: number | undefined, message = 'No.', code?: string) =>
  new UpstreamFault('refused', message, { status, code })

/**
 * What grok.com said, whose fault it is, what the session gets, elsewhere?, what the client gets, and what
 * a call that anyone may make would say about the session.
 */
type Row = readonly [
  name: string,
  fault: UpstreamFault,
  culprit: string,
  effect: string,
  elsewhere: boolean,
  status: number,
  refusal?: 'expired' | 'disabled',
]

const [NO_PICTURE, ANTI_BOT, BLOCKED, MODERATED, IMAGINE, USED_UP, LIMITED, LONG] = WEB_RULES.map(
  ({ name }) => name,
)

const ROWS: readonly Row[] = [
  [
    `${NO_PICTURE}`,
    refused(400, 'I would rather not.', 'no_picture'),
    'client',
    'none',
    false,
    400,
  ],
  [`${ANTI_BOT}`, refused(403, 'Rejected.', 'anti_bot'), 'egress', 'none', true, 502],
  // Within a stream there is no status.
  [`${ANTI_BOT}`, refused(undefined, 'Rejected.', 'anti_bot'), 'egress', 'none', true, 502],
  ['a challenge', refused(403, 'Just a moment', 'challenge'), 'egress', 'none', true, 502],
  [`${BLOCKED}`, refused(403, 'No.', 'blocked'), 'account', 'suspect', true, 502, 'disabled'],
  [`${BLOCKED}`, refused(400, 'No.', 'blocked'), 'account', 'suspect', true, 502, 'disabled'],
  [
    `${BLOCKED}`,
    refused(400, 'No. [WKE=account:email-domain-rejected]', '3'),
    'account',
    'suspect',
    true,
    502,
    'disabled',
  ],
  [
    `${BLOCKED}`,
    refused(403, 'User is blocked: no. [WKE=unauthorized:blocked-user]', '7'),
    'account',
    'suspect',
    true,
    502,
    'disabled',
  ],
  [
    'a session that is over',
    refused(401, 'token expired'),
    'account',
    'suspect',
    true,
    502,
    'expired',
  ],
  ['any other 403', refused(403), 'account', 'suspect', true, 502],
  [`${MODERATED}`, refused(400, 'No.', 'content_moderated'), 'client', 'none', false, 400],
  [`${IMAGINE}`, refused(429, 'No.', 'imagine_limit'), 'quota', 'cooling', true, 429],
  [`${USED_UP}`, refused(undefined, 'No.', 'usage_limit'), 'quota', 'cooling', true, 429],
  [
    `${USED_UP}`,
    refused(429, "You've reached your limit", 'usage_limit'),
    'quota',
    'cooling',
    true,
    429,
  ],
  [`${LIMITED}`, refused(429, 'Too many requests', '8'), 'quota', 'cooling', true, 429],
  // Not "no credit", which would hold for the whole session.
  [`${LIMITED}`, refused(429, 'You exceeded your current quota.'), 'quota', 'cooling', true, 429],
  [`${LONG}`, refused(413, 'The prompt is too long.'), 'client', 'none', false, 413],
  [`${LONG}`, refused(400, 'Message exceeds the maximum length.'), 'client', 'none', false, 400],
  ['a large body', refused(413, 'No.'), 'client', 'none', false, 413],
  ['a bad request', refused(400, 'No.'), 'client', 'none', false, 400],
  ['a fault of grok.com', refused(500), 'upstream', 'cooling', true, 502],
  ['an overload', refused(503), 'upstream', 'cooling', true, 502],
  ['a reset', new UpstreamFault('broken', 'B'), 'upstream', 'cooling', true, 502],
]

describe('whose fault it is, what the session gets, and what the client hears', () => {
  test.each(ROWS.map((row) => ({ row })))('$row.0', ({ row }) => {
    const [, fault, culprit, effect, elsewhere, status, refusal] = row
    const verdict = judge(fault, PLACE)
    expect<string>(verdict.culprit).toBe(culprit)
    expect<string>(verdict.effect).toBe(effect)
    expect(verdict.elsewhere).toBe(elsewhere)
    expect(verdict.error.status).toBe(status)
    expect(refusesKey(fault)).toBe(refusal)
  })

  test('every row of the table has its case', () => {
    const cased = new Set(ROWS.map(([name]) => name))
    expect(WEB_RULES.filter(({ name }) => !cased.has(name))).toEqual([])
  })

  test('what a model is made to say in place of a picture holds nothing against a session', () => {
    for (const words of ['blocked-user', 'the API key is invalid', 'moderation'])
      expect(judge(refused(400, words, 'no_picture'), PLACE)).toMatchObject({
        ...{ culprit: 'client', effect: 'none' },
        error: { message: words },
      })
  })

  test('a limit of the page Imagine holds for it alone', () => {
    const limited = refused(429, 'Image rate limit exceeded', 'imagine_limit')
    const endpoint = { ...PLACE, model: 'grok-imagine-1.0', endpoint: 'images', dryMs: 1000 }
    expect(judge(limited, endpoint)).toMatchObject({
      scope: 'grok-imagine-1.0 images',
      restMs: 3_600_000,
    })
  })

  test('no other kind is judged by these rows', () => {
    const xai = { ...PLACE, kind: 'xai', quota: undefined } as const
    expect(judge(refused(403, 'Rejected.', 'anti_bot'), xai).culprit).toBe('account')
    expect(judge(refused(429), xai)).toMatchObject({ restMs: 60_000, scope: '' })
  })
})

/** What is left, the word of grok.com, and for how long which quota then rests. */
const LIMITS = [
  ['some or nobody knows', undefined, undefined, 'cooling', HOUR],
  ['nothing, for a day', 24 * HOUR, undefined, 'exhausted', 10 * HOUR],
  ['nothing, for two hours', 2 * HOUR, undefined, 'exhausted', 2 * HOUR],
  ['nothing, but it says when', 24 * HOUR, 90_000, 'exhausted', 90_000],
  ['some, and it says when', undefined, 90_000, 'cooling', 90_000],
] as const

describe('a rate limit holds for its quota, where is left of that', () => {
  test.each(LIMITS)('%s', (_, dryMs, retryAfterMs, effect, ms) => {
    const fault = new UpstreamFault('refused', 'Too many requests', { status: 429, retryAfterMs })
    const verdict = judge(fault, { ...PLACE, dryMs })
    expect(verdict).toMatchObject({ effect, scope: 'units grok-4' })
    expect(verdict.saidMs ?? verdict.restMs).toBe(ms)
  })
})

test('whatever a lack of quota is called, it holds for the quota that the turn was charged to', () => {
  const verdict = judge(refused(403, 'Your account has no credits.'), PLACE)
  expect(verdict).toMatchObject({ culprit: 'quota', effect: 'exhausted', scope: 'units grok-4' })
  expect(judge(refused(401), PLACE).scope).toBe('')
})

test('a way that is barred is a matter for the operator, and clients learn no more of it', () => {
  const fault = refused(403, 'Request rejected by anti-bot rules at 10.0.0.1.', 'anti_bot')
  const { message } = judge(fault, PLACE).error
  expect(message).toContain("gateway's operator has to act")
  expect(message).not.toContain('10.0.0.1')
})
