import { expect, test } from 'bun:test'
import { SetupError } from '#src/errors'
import { createOpening } from '#src/worker-opening'

/** A database that is asked by hand. */
function asked() {
  const looks: PromiseWithResolvers<SetupError | undefined>[] = []
  let at = 1_000
  const opening = createOpening({
    read() {
      const look = Promise.withResolvers<SetupError | undefined>()
      looks.push(look)
      return look.promise
    },
    now: () => at,
  })
  return {
    ...opening,
    looks,
    last: () => looks.at(-1),
    many: (count: number) => Array.from({ length: count }, () => opening.open()),
    pass: (ms: number) => {
      at += ms
    },
  }
}

test('one looks for all that come meanwhile, and nobody looks again', async () => {
  const it = asked()
  const all = it.many(100)
  expect([it.looks.length, it.isOpen()]).toEqual([1, false])
  it.last()?.resolve(undefined)
  expect(new Set(await Promise.all(all))).toEqual(new Set([undefined]))
  expect(it.isOpen()).toBe(true)
  expect(await it.open()).toBeUndefined()
  expect(it.looks).toHaveLength(1)
})

test('what is wrong is told to all that waited, and looked for again by the next', async () => {
  const it = asked()
  const all = it.many(10)
  const problem = new SetupError('It is empty.', 'Fill it.')
  it.last()?.resolve(problem)
  expect(new Set(await Promise.all(all))).toEqual(new Set([problem]))
  const next = it.open()
  it.last()?.resolve(undefined)
  expect(await next).toBeUndefined()
  expect(it.looks).toHaveLength(2)
})

test('a database that does not answer is a reason, too', async () => {
  const it = asked()
  const all = it.many(10)
  it.last()?.reject(new Error('connection refused'))
  for (const problem of await Promise.all(all)) {
    expect(problem?.message).toBe('The database does not answer.')
    expect(String(problem?.cause)).toContain('connection refused')
  }
  expect(it.looks).toHaveLength(1)
})

test('what is known to be wrong is told as it is', async () => {
  const it = asked()
  const said = it.open()
  const problem = new SetupError('It is a copy that is not done.', 'Finish it.')
  it.last()?.reject(problem)
  expect(await said).toBe(problem)
})

test('somebody else looks where the first was stopped with its request', async () => {
  const it = asked()
  const all = it.many(5)
  it.pass(60_000)
  await Bun.sleep(50)
  expect(it.looks).toHaveLength(2)
  it.last()?.resolve(undefined)
  expect(await Promise.all(all.slice(1))).toEqual([undefined, undefined, undefined, undefined])
})
