import { expect, test } from 'bun:test'
import { createExposition } from '#src/ledger/exposition'
import { newHistogram, observe } from '#src/ledger/histogram'
import { mergeExpositions } from '#src/ledger/merged-exposition'
import { parseMetrics } from '../support/prometheus'

function told(turns: number, models: readonly string[]): string {
  const out = createExposition()
  const took = newHistogram([1, 2])
  for (let turn = 0; turn < turns; turn++) observe(took, turn)
  out.histograms('took_seconds', 'How long.', [[{ model: 'a' }, took]])
  out.numbers(
    'counter',
    'turns_total',
    'Turns, of # all.',
    models.map((model) => [{ model }, turns] as const),
  )
  out.numbers('gauge', 'inflight', 'Now.', [[{}, turns]])
  return out.text()
}

test('what processes measure is one text, in which each sample says of which process it is', () => {
  const odd = 'a {b} "c" \\ d'
  const text = mergeExpositions([
    { index: 1, text: told(4, ['x', odd]) },
    { index: 0, text: told(3, []) },
  ])
  const read = parseMetrics(text)
  expect(read.values('turns_total')).toEqual([
    [{ process: '1', model: 'x' }, 4],
    [{ process: '1', model: odd }, 4],
  ])
  expect(read.value('inflight', { process: '0' })).toBe(3)
  expect(read.value('inflight', { process: '1' })).toBe(4)
  expect(read.value('took_seconds_count', { process: '0', model: 'a' })).toBe(3)
  expect(read.value('took_seconds_bucket', { process: '1', model: 'a', le: '+Inf' })).toBe(4)
  expect(text.match(/^# HELP /gm)?.length).toBe(3)
  expect(text.match(/^# TYPE /gm)?.length).toBe(3)
})

test('a family that only one process has is there, too', () => {
  const own = '# HELP only_here A thing.\n# TYPE only_here gauge\nonly_here 1\n'
  const text = mergeExpositions([
    { index: 0, text: told(1, ['x']) },
    { index: 1, text: told(1, ['x']) + own },
  ])
  expect(parseMetrics(text).values('only_here')).toEqual([[{ process: '1' }, 1]])
})
