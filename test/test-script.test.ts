import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { runProgram, scratch } from './support/programs'

const SCRIPT = join(import.meta.dir, '../scripts/test.ts')

/** Fails where it has not failed before. */
const LUCKY = `import { expect, test } from 'bun:test'
  test('goes', () => {})
  test('goes by itself', async () => {
    const mark = Bun.file(import.meta.path + '.mark')
    const wasThere = await mark.exists()
    await mark.write('here')
    expect(wasThere).toBe(true)
  })`
const GOOD = `import { test } from 'bun:test'
  test('goes', () => {})`
const BROKEN = `import { expect, test } from 'bun:test'
  test('goes', () => {})
  test('is broken', () => expect(1).toBe(2))`

/** What the script makes of these files: its exit code, its last line, and which tests it names. */
async function ran(files: Readonly<Record<string, string>>) {
  await using folder = await scratch('tests')
  for (const [name, text] of Object.entries(files))
    await Bun.write(join(folder.path, `${name}.test.ts`), text)
  const { code, stdout, stderr } = await runProgram([process.execPath, SCRIPT], {
    cwd: folder.path,
  })
  const named = [...stderr.matchAll(/^passed only by itself: (.+)$/gm)].map(([, what]) => what)
  return { code, last: stdout.trimEnd().split('\n').at(-1), named }
}

test('tests that failed beside others are run once more by themselves, and named', async () => {
  expect(await ran({ good: GOOD, lucky: LUCKY })).toEqual({
    code: 0,
    last: '3 passed, 0 failed',
    named: ['lucky.test.ts: goes by itself'],
  })
})

test('what fails twice has failed', async () => {
  expect(await ran({ good: GOOD, lucky: LUCKY, broken: BROKEN })).toEqual({
    code: 1,
    last: '4 passed, 1 failed',
    named: ['lucky.test.ts: goes by itself'],
  })
})

test('many files with failures are not run again', async () => {
  const many = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, LUCKY]))
  expect(await ran(many)).toEqual({ code: 1, last: '5 passed, 5 failed', named: [] })
})

test('a run that breaks off is excused by nothing', async () => {
  const killed = `import { test } from 'bun:test'
    test('is killed', () => process.kill(process.ppid, 'SIGKILL'))`
  const { code, last } = await ran({ a: LUCKY, b: killed })
  expect([code, last]).toEqual([1, '0 passed, 1 failed'])
})

test('a file that cannot be read is excused by nothing', async () => {
  const torn = { code: 1, last: '3 passed, 1 failed' }
  expect(await ran({ good: GOOD, lucky: LUCKY, torn: 'test(' })).toMatchObject(torn)
  expect(await ran({ good: GOOD, torn: 'test(' })).toMatchObject({
    code: 1,
    last: '1 passed, 1 failed',
  })
})
