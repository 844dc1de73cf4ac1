import { describe, expect, test } from 'bun:test'
import { createMetrics, type Gauges } from '#src/ledger/metrics'
import type { LedgerEntry } from '#src/store/ledger'
import { entry } from '../support/entries'
import { parseMetrics } from '../support/prometheus'

const GAUGES: Gauges = {
  poolStates: () => [{ kind: 'xai', state: 'ready', count: 3 }],
  queueDepth: () => 4,
  inFlight: () => 5,
  ledgerWaiting: () => 6,
  ledgerDropped: () => 7,
  saidWaiting: () => 8,
  databaseUp: () => true,
  databaseWritable: () => true,
  snapshotAge: () => 1_500,
  saidDropped: () => 9,
}

function measured(entries: readonly LedgerEntry[], isListed = (_: string) => true) {
  const metrics = createMetrics({ version: '1.2.3', isListed, gauges: GAUGES })
  for (const one of entries) metrics.observe(one)
  return parseMetrics(metrics.render())
}

const XAI = { kind: 'xai', model: 'grok-4' } as const

test('turns are counted by how they ended', () => {
  const { value } = measured([
    entry('a', { ...XAI, attempts: 1, costTicks: 12_500_000_000 }),
    entry('b', { ...XAI, attempts: 3, costTicks: 2_500_000_000, reasoningTokens: 2 }),
    entry('c', { ...XAI, outcome: 'failed', cachedTokens: 1 }),
    entry('d', { ...XAI, outcome: 'gone' }),
    entry('e', { ...XAI, outcome: 'broken' }),
  ])
  const own = { kind: 'xai', model: 'grok-4', operation: 'chat' }
  expect(value('groxy_turns_total', { ...own, outcome: 'done' })).toBe(2)
  expect(value('groxy_turns_total', { ...own, outcome: 'failed' })).toBe(1)
  expect(value('groxy_turns_total', { ...own, outcome: 'gone' })).toBe(1)
  expect(value('groxy_turns_total', { ...own, outcome: 'broken' })).toBe(1)
  expect(value('groxy_attempts_total', own)).toBe(7)
  expect(value('groxy_cost_usd_total', own)).toBe(1.5)
  expect(value('groxy_tokens_total', { ...own, type: 'cached' })).toBe(1)
  expect(value('groxy_tokens_total', { ...own, type: 'reasoning' })).toBe(2)
})

test('tokens and times have the names and bounds of the conventions for generative AI', () => {
  const { value, bounds } = measured([
    entry('a', { ...XAI, stream: true, firstByteMs: 90, totalMs: 640, inputTokens: 64 }),
    entry('b', { ...XAI, stream: true, firstByteMs: 30_000, totalMs: 90_000, inputTokens: 65 }),
    entry('c', { ...XAI, firstByteMs: 90, totalMs: 10, outcome: 'failed', usageSource: 'none' }),
  ])
  const labels = {
    gen_ai_operation_name: 'chat',
    gen_ai_provider_name: 'x_ai',
    gen_ai_request_model: 'grok-4',
  }
  const tokens = 'gen_ai_client_token_usage'
  const input = { ...labels, gen_ai_token_type: 'input' }
  expect(bounds(tokens).slice(0, 4)).toEqual(['1', '4', '16', '64'])
  expect(bounds(tokens).slice(-2)).toEqual(['67108864', '+Inf'])
  expect(value(`${tokens}_bucket`, { ...input, le: '64' })).toBe(1)
  expect(value(`${tokens}_bucket`, { ...input, le: '256' })).toBe(2)
  expect(value(`${tokens}_sum`, input)).toBe(129)
  expect(value(`${tokens}_sum`, { ...labels, gen_ai_token_type: 'output' })).toBe(6)
  const duration = 'gen_ai_client_operation_duration_seconds'
  const done = { ...labels, error_type: '' }
  expect(bounds(duration)).toEqual([
    ...'0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92'.split(' '),
    '+Inf',
  ])
  expect(value(`${duration}_bucket`, { ...done, le: '0.32' })).toBe(0)
  expect(value(`${duration}_bucket`, { ...done, le: '0.64' })).toBe(1)
  expect(value(`${duration}_bucket`, { ...done, le: '81.92' })).toBe(1)
  expect(value(`${duration}_bucket`, { ...done, le: '+Inf' })).toBe(2)
  expect(value(`${duration}_count`, { ...labels, error_type: 'failed' })).toBe(1)
  const first = 'gen_ai_server_time_to_first_token_seconds'
  expect(value(`${first}_bucket`, { ...labels, le: '0.08' })).toBe(0)
  expect(value(`${first}_bucket`, { ...labels, le: '0.1' })).toBe(1)
  expect(value(`${first}_count`, labels)).toBe(2)
})

test('the pool, the queue, the ledger and the build are told', () => {
  const { value } = measured([])
  expect(value('groxy_accounts', { kind: 'xai', state: 'ready' })).toBe(3)
  expect(value('groxy_queue_depth')).toBe(4)
  expect(value('groxy_inflight')).toBe(5)
  expect(value('groxy_ledger_waiting')).toBe(6)
  expect(value('groxy_ledger_dropped_total')).toBe(7)
  expect(value('groxy_said_waiting')).toBe(8)
  expect(value('groxy_said_dropped_total')).toBe(9)
  expect(value('groxy_build_info', { version: '1.2.3' })).toBe(1)
})

describe('the number of series is bounded', () => {
  test('models that are not listed are one', () => {
    const entries = Array.from({ length: 1_000 }, (_, at) => entry('', { model: `invented-${at}` }))
    const { values } = measured(entries, () => false)
    expect(values('groxy_attempts_total')).toEqual([
      [{ kind: 'none', model: 'other', operation: 'chat' }, 1_000],
    ])
  })

  test('of listed ones there are 100, and the others are one', () => {
    const entries = Array.from({ length: 1_000 }, (_, at) => entry('', { model: `m-${at}` }))
    const { values } = measured([...entries, ...entries])
    const turns = values('groxy_attempts_total')
    expect(turns.length).toBe(101)
    expect(turns.reduce((sum, [, value]) => sum + value, 0)).toBe(2_000)
  })

  test('also by what endpoints are called', () => {
    const entries = Array.from({ length: 100 }, (_, at) => entry('', { endpoint: `GET /v1/${at}` }))
    expect(measured(entries).values('groxy_attempts_total')).toHaveLength(1)
  })
})

test('the name of a model cannot break the format', () => {
  const model = 'a"b\\c\nd} 1\ngroxy_turns_total 5'
  const { values } = measured([entry('', { model })])
  expect(values('groxy_attempts_total')).toEqual([[{ kind: 'none', model, operation: 'chat' }, 1]])
})
