import { expect, test } from 'bun:test'
import { fits, shownOfEnvironment } from '#src/admin/accounts/shown'
import { standingOf } from '#src/admin/accounts/standing'
import { readConfig } from '#src/config'
import { createPool } from '#src/pool/pool'
import { DEMO_ID, environmentAccounts } from '#src/pool/roster'
import { DEFAULT_SETTINGS } from '#src/store/settings'

const NOW = 1_000_000
const quota = { limit: 80, resetAt: NOW + 5, source: 'reported' } as const
const state = { accountId: 'a', scope: '', state: 'cooling', reason: '429', faults: 1 } as const

async function pooled() {
  const [account] = await environmentAccounts(
    readConfig({ XAI_API_KEY: 'xai-key-0123456789', XAI_BASE_URL: 'http://127.0.0.1:1/v1' }),
    DEFAULT_SETTINGS,
  )
  if (!account) throw new Error('There is no account.')
  const pool = createPool({ now: () => NOW, random: () => 0 })
  pool.setAccounts([account])
  const member = pool.member(account.id)
  if (!member) throw new Error('It is not in the pool.')
  return { pool, account, member, known: { id: account.id, enabled: true } }
}

test('what the pool knows stands over what the database says, and what ends later holds', async () => {
  const { pool, member, known } = await pooled()
  const rest = { state: 'suspect', reason: 'refused', faults: 1 } as const
  pool.setRest(member, '', { ...rest, until: NOW + 10 })
  pool.setRest(member, 'grok-4', { ...rest, until: Number.POSITIVE_INFINITY })
  const states = [
    { ...state, until: NOW + 20, updatedAt: 1 },
    { ...state, scope: 'grok-4', until: NOW + 20, updatedAt: 1 },
    { ...state, scope: 'over', until: NOW - 1, updatedAt: 1 },
    { ...state, scope: 'none', until: NOW + 9, faults: 0, updatedAt: 1 },
  ]
  const { condition, rests } = standingOf(pool, { ...known, states }, NOW)
  expect(condition).toBe('cooling')
  expect(rests.map((one) => [one.scope, one.state, one.until])).toEqual([
    ['', 'cooling', NOW + 20],
    ['grok-4', 'suspect', null],
  ])
})

test('the newer word on a quota counts, and what is over is left out', async () => {
  const { pool, member, known } = await pooled()
  pool.report({ member }, { ...quota, bucket: 'units', remaining: -3 })
  const stored = (bucket: string, remaining: number, updatedAt: number) => ({
    ...{ ...quota, accountId: 'a', bucket, remaining, updatedAt },
  })
  const quotas = [
    stored('units', 50, NOW - 9),
    stored('tokens', 7, NOW - 9),
    { ...stored('old', 1, 1), resetAt: NOW },
  ]
  const shown = standingOf(pool, { ...known, quotas }, NOW).quotas
  expect(shown.map(({ bucket, remaining }) => [bucket, remaining])).toEqual([
    ['tokens', 7],
    ['units', 0],
  ])
})

test('says whether it is off, busy, ready, or not in the pool', async () => {
  const { pool, member, known } = await pooled()
  const condition = (changes = {}) => standingOf(pool, { ...known, ...changes }, NOW).condition
  expect(condition()).toBe('ready')
  expect(condition({ enabled: false })).toBe('off')
  expect(condition({ id: DEMO_ID })).toBe('absent')
  member.account = { ...member.account, maxInFlight: 0 }
  expect(condition()).toBe('full')
})

test('an account of the environment is found by why it rests', async () => {
  const { pool, account, member } = await pooled()
  pool.setRest(member, '', { state: 'expired', reason: 'r', faults: 1, until: NOW + 9 })
  const shown = shownOfEnvironment(pool, account, NOW)
  expect(fits(shown, { state: 'expired' })).toBe(true)
  expect(fits(shown, { state: 'ready' })).toBe(false)
})
