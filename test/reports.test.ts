import { expect, test } from 'bun:test'
import { ApiError, SetupError } from '#src/errors'
import { createLog } from '#src/log'
import { createReports } from '#src/reports'

function reporting() {
  const lines: Record<string, unknown>[] = []
  const log = createLog({
    level: 'info',
    write: (line) => lines.push(JSON.parse(line)),
    readable: false,
    now: () => 0,
  })
  return { ...createReports(log), lines }
}

const request = new Request('http://groxy.example/v1/models')

test('a database that does not do as it was asked is told of as a warning', () => {
  const { onFault, lines } = reporting()
  onFault(new Error('disk I/O error'))
  expect(lines).toMatchObject([
    { level: 'warn', event: 'database_unreachable', error: 'disk I/O error' },
  ])
})

test('of a database that is away it is told once, until it is back', () => {
  const { onDatabase, onFault, lines } = reporting()
  const fault = new Error('ECONNREFUSED')
  onDatabase({ up: false, writable: true, since: 0, lastFault: fault.message })
  onFault(fault)
  onFault(fault)
  onDatabase({ up: true, writable: true, since: 0 })
  onFault(fault)
  expect(lines.map(({ event }) => event)).toEqual([
    'database_away',
    'database_back',
    'database_unreachable',
  ])
})

test('a refusal is one line, a mistake of the operator says what to do as well', () => {
  const { onFailure, lines } = reporting()
  const setup = new SetupError('It is full.', 'Make room.')
  onFailure(new ApiError('not_ready', 'Later.', { cause: setup }), setup, request)
  expect(lines).toMatchObject([
    { level: 'error', event: 'setup', problem: 'It is full.', remedy: 'Make room.' },
    { level: 'info', event: 'refused', path: '/v1/models', status: 503, code: 'not_ready' },
  ])
})

test('what nobody foresaw is a bug, with the place where it happened', () => {
  const { onFailure, lines } = reporting()
  onFailure(
    new ApiError('internal_error', 'Groxy failed.'),
    new TypeError('x is no function'),
    request,
  )
  expect(lines[0]).toMatchObject({ level: 'error', event: 'bug', error: 'x is no function' })
  expect(String(lines[0]?.stack)).toContain('reports.test')
})
