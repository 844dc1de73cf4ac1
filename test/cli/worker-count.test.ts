import { describe, expect, test } from 'bun:test'
import { workerCount } from '#src/cli/worker-count'
import { readConfig } from '#src/config'

const FILE = { DATABASE_URL: 'file:groxy.db' }
const MEMORY = { DATABASE_URL: 'file::memory:' }
const SERVER = { DATABASE_URL: 'libsql://groxy.example' }

const countOf = (env: object, system = 'linux', cores = 4) =>
  workerCount(readConfig({ ...env }), system, cores)

describe('how many processes share the port', () => {
  test.each([
    ['one where nobody asks for more', {}, 1],
    ['as many as are asked for', { ...FILE, WORKERS: '3' }, 3],
    ['one a core', { ...FILE, WORKERS: 'auto' }, 4],
    ['over a server the same', { ...SERVER, WORKERS: 'auto' }, 4],
    ['one over a database in memory, where nobody insists', { ...MEMORY, WORKERS: 'auto' }, 1],
    ['one over a database in memory', { ...MEMORY, WORKERS: '1' }, 1],
  ])('%s', (_, env, count) => {
    expect(countOf(env)).toBe(count)
  })

  test('what this machine has', () => {
    const cores = navigator.hardwareConcurrency
    expect(workerCount(readConfig({ ...FILE, WORKERS: 'auto' }), 'linux')).toBe(cores)
  })

  test.each([
    ['macOS', 'darwin'],
    ['Windows', 'win32'],
    ['freebsd', 'freebsd'],
  ])('on %s only one, and who asks for more is told', (name, system) => {
    expect(countOf({ ...FILE, WORKERS: 'auto' }, system)).toBe(1)
    expect(countOf({ ...FILE, WORKERS: '1' }, system)).toBe(1)
    expect(() => countOf({ ...FILE, WORKERS: '2' }, system)).toThrow(`${name} cannot share a port`)
  })

  test('several over a database in memory are refused', () => {
    expect(() => countOf({ ...MEMORY, WORKERS: '2' })).toThrow('belongs to one process')
  })

  test.each(['0', '-1', '1.5', 'many', '1000'])('%s is no number of processes', (WORKERS) => {
    expect(() => readConfig({ WORKERS })).toThrow(
      'WORKERS must be auto or a whole number from 1 to 999',
    )
  })
})
