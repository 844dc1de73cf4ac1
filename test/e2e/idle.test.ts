import { expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { gateway } from '../support/gateway'
import { watched } from '../support/watched'

const LOOK_MS = 2_000

test('an instance with nothing to do asks its database one question a look', async () => {
  const watching = watched(openFile(':memory:'))
  let time = Date.now()
  await using it = await gateway({ client: watching.client, now: () => time })
  const pass = async (looks: number) => {
    for (let look = 0; look < looks; look++) {
      time += LOOK_MS
      await it.app.refresh()
      await it.settle()
    }
  }
  // What is due after a start is done first.
  await pass(60)
  watching.taken()
  await pass(30)
  const questions = watching.taken()
  const about = (what: RegExp) =>
    questions.filter((statements) => what.test(statements[0]?.sql ?? '')).length
  const pulses = about(/AS revision/)
  const kept = about(/INSERT INTO instances/)
  const media = about(/FROM media/)
  expect([pulses, kept, media]).toEqual([30, 6, 2])
  expect(questions.length).toBe(38)
})
