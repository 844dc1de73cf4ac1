import { describe, expect, test } from 'bun:test'
import { readQuota } from '#src/upstream/web/quota'
import { fakeGrokWeb, refusals } from '../../fakes/grok-web'
import { webSession } from '../../support/web-session'

const NOW = 1_000_000

const units = (total: number, remaining = total) => ({
  windowSizeSeconds: 72_000,
  remainingTokens: remaining,
  totalTokens: total,
  lowEffortRateLimits: { cost: 1, remainingQueries: remaining, waitTimeSeconds: 0 },
  highEffortRateLimits: { cost: 4, remainingQueries: 0, waitTimeSeconds: 500 },
})
const queries = (total: number, remaining = total) => ({
  windowSizeSeconds: 7_200,
  remainingQueries: remaining,
  totalQueries: total,
  lowEffortRateLimits: null,
  highEffortRateLimits: null,
})

describe('the three forms of an answer', () => {
  test('units', () => {
    expect(readQuota(units(80, 12), 'units grok-4', NOW)).toEqual({
      report: { bucket: 'units grok-4', limit: 80, remaining: 12, resetAt: NOW + 72_000_000 },
      tier: 'basic',
    })
  })

  test('queries', () => {
    expect(readQuota(queries(50, 49), 'turns auto', NOW)).toEqual({
      report: { bucket: 'turns auto', limit: 50, remaining: 49, resetAt: NOW + 7_200_000 },
      tier: 'super',
    })
  })

  test('queries that are used up, and when they are back', () => {
    const body = { ...queries(50, 0), waitTimeSeconds: 1_800 }
    expect(readQuota(body, 'turns auto', NOW)?.report).toEqual({
      bucket: 'turns auto',
      limit: 50,
      remaining: 0,
      resetAt: NOW + 1_800_000,
    })
  })

  test('units that are used up are back when a turn of low effort is', () => {
    const body = { ...units(80, 0), lowEffortRateLimits: { waitTimeSeconds: 60 } }
    expect(readQuota(body, 'units grok-4', NOW)?.report.resetAt).toBe(NOW + 60_000)
  })
})

describe('the tier', () => {
  for (const [bucket, total, tier] of [
    ['units grok-4', 80, 'basic'],
    ['units grok-4', 40, 'basic'],
    ['units grok-4', 7, 'basic'],
    ['units grok-4', 8, 'basic'],
    ['units grok-4', 140, 'super'],
    ['units grok-4', 123, undefined],
    ['units grok-4-heavy', 80, undefined],
    ['turns auto', 20, 'basic'],
    ['turns auto', 50, 'super'],
    ['turns auto', 150, 'heavy'],
    ['turns fast', 30, 'basic'],
    ['turns fast', 140, 'super'],
    ['turns fast', 400, 'heavy'],
    ['turns heavy', 20, 'heavy'],
  ] as const)
    test(`${total} of "${bucket}" is ${tier ?? 'unknown'}`, () => {
      const body = bucket.startsWith('units') ? units(total) : queries(total)
      expect(readQuota(body, bucket, NOW)?.tier).toBe(tier)
    })
})

test('what says nothing of a quota is none', () => {
  for (const body of [{}, null, [], 'no', { remainingQueries: 'many' }, { totalTokens: 80 }])
    expect(readQuota(body, 'units grok-4', NOW)).toBeUndefined()
})

test('what was heard stays, though grok.com fails to say the rest', async () => {
  await using grok = fakeGrokWeb()
  const { web, sessionOf } = webSession(grok)
  grok.intercept('rate-limits', (call) =>
    JSON.stringify(call.body).includes('grok-4') ? refusals.limited(5) : undefined,
  )
  const ask = (...buckets: string[]) => web.quotas?.(sessionOf(), buckets, new AbortController())
  const { reports = [] } = (await ask('units grok-3', 'units grok-4')) ?? {}
  expect(reports.map(({ bucket }) => bucket)).toEqual(['units grok-3'])
  await expect(ask('units grok-4', 'units grok-3')).rejects.toThrow()
})
