import { expect, test } from 'bun:test'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOutput } from '#src/cli/output'
import type { Level } from '#src/log'
import { scratch, until } from '../support/programs'

/** An output that is a file, gone at the end of the scope. */
async function outputTo(flags: 'w' | 'r', level: Level, process?: number) {
  const folder = await scratch('output')
  const path = join(folder.path, 'log')
  writeFileSync(path, '')
  const descriptor = openSync(path, flags)
  return {
    ...createOutput(level, process, descriptor),
    written: () => readFileSync(path, 'utf8'),
    async [Symbol.asyncDispose]() {
      closeSync(descriptor)
      await folder[Symbol.asyncDispose]()
    },
  }
}

const eventsIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('lines are gathered for a moment and written together, in order', async () => {
  await using output = await outputTo('w', 'info')
  expect(output.isTerminal).toBe(false)
  output.log.info('first', { count: 1 })
  output.log.warn('second')
  expect(output.written()).toBe('')
  const text = await until(() => output.written() || undefined)
  expect(eventsIn(text)).toMatchObject([{ event: 'first', count: 1 }, { event: 'second' }])
  output.log.info('third')
  expect(eventsIn(await until(() => output.written().split(text)[1] || undefined))).toMatchObject([
    { event: 'third' },
  ])
})

test('what is held is written at once where the process ends, and only once', async () => {
  await using output = await outputTo('w', 'info')
  output.flush()
  expect(output.written()).toBe('')
  output.log.info('last')
  output.flush()
  output.flush()
  expect(eventsIn(output.written())).toMatchObject([{ event: 'last' }])
})

test('what must be seen is written whatever the level is', async () => {
  await using output = await outputTo('w', 'error')
  output.log.warn('hidden')
  output.always.info('address', { url: 'http://127.0.0.1' })
  output.flush()
  expect(eventsIn(output.written())).toMatchObject([
    { event: 'address', url: 'http://127.0.0.1', level: 'info' },
  ])
})

test('one of several processes says which it is on each line, and no line is lost', async () => {
  await using output = await outputTo('w', 'info', 3)
  for (const at of Array(200).keys()) output.log.info('turn', { at })
  output.flush()
  const events = eventsIn(output.written())
  expect(events).toHaveLength(200)
  expect(events.every((event, at) => event.process === 3 && event.at === at)).toBe(true)
})

test('an output that takes nothing stops nobody, and nothing is kept for it', async () => {
  await using output = await outputTo('r', 'info')
  output.log.info('lost')
  expect(output.flush).not.toThrow()
  expect(output.written()).toBe('')
})
