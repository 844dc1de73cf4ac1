import { expect, test } from 'bun:test'
import { readConfig } from '#src/config'
import { createLog, type Level } from '#src/log'

function logged(
  level: Level,
  readable: boolean,
  event: (log: ReturnType<typeof createLog>) => void,
) {
  const lines: string[] = []
  event(
    createLog({ level, readable, write: (line) => lines.push(line), now: () => 1_760_000_000_000 }),
  )
  return lines
}

test('an event is one line: JSON for machines, words for people', () => {
  const turn = (log: ReturnType<typeof createLog>) => {
    log.info('turn', { model: 'a "b"', ms: 5, account: undefined, ok: true })
    log.warn('bare')
  }
  expect(logged('info', false, turn).map((line) => JSON.parse(line))).toEqual([
    {
      time: '2025-10-09T08:53:20.000Z',
      level: 'info',
      event: 'turn',
      model: 'a "b"',
      ms: 5,
      ok: true,
    },
    { time: '2025-10-09T08:53:20.000Z', level: 'warn', event: 'bare' },
  ])
  expect(logged('info', true, turn)).toEqual([
    '08:53:20 info  turn model="a \\"b\\"" ms=5 ok=true',
    '08:53:20 warn  bare',
  ])
})

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
  ['silent', 0],
] as const)('level %s lets %i of four through', (level, count) => {
  const lines = logged(level, false, (log) => {
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    expect(log.writes('debug')).toBe(level === 'debug')
  })
  expect(lines).toHaveLength(count)
})

test('the environment has defaults, and every mistake is told at once', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 8000,
    HOST: '127.0.0.1',
    DATABASE_URL: 'file:data/groxy.db',
    DEMO: false,
  })
  expect(readConfig({ PORT: '', DEMO: '1', OTHER: 'x' })).toMatchObject({ PORT: 8000, DEMO: true })
  const wrong = { PORT: 'x', DATABASE_URL: 'mysql://', GROXY_API_KEY: 'short' }
  for (const name of Object.keys(wrong)) expect(() => readConfig(wrong)).toThrow(name)
})
