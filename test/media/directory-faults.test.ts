import { afterAll, describe, expect, test } from 'bun:test'
import { statfsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectory } from '#src/media/directory'
import { directoryProblem } from '#src/media/directory-fault'
import { listed, put } from '../support/object-stores'
import { runProgram, scratch } from '../support/programs'

const folder = await scratch('media-faults')
afterAll(() => folder[Symbol.asyncDispose]())

/** Whether this user may make file systems in a name space of its own. */
const mounts = Bun.spawnSync(['unshare', '-Urm', 'true'], { stderr: 'ignore' }).success
if (!mounts)
  console.warn('Skipped: tests on file systems of their own, which this user cannot make.')

/** Run a fixture behind other commands, as a shell has them. */
async function fill(before: string, root: string, size: number) {
  const command = `${before} exec "$0" test/fixtures/full-disk.ts "$1" "$2"`
  const args = ['sh', '-c', command, process.execPath, root, String(size)]
  const { stdout, stderr } = await runProgram(
    before.includes('mount') ? ['unshare', '-Urm', ...args] : args,
  )
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('a disk that takes no more', () => {
  test('refuses what does not fit, and leaves nothing of it', async () => {
    const told = await fill('ulimit -f 1000;', join(folder.path, 'limited'), 2_000_000)
    expect(told).toMatchObject({ kept: [], code: 'not_ready', found: [], again: 'kept' })
    expect(told.problem).toContain('is full')
  })

  test.skipIf(!mounts)('keeps what it has, and takes more when something goes', async () => {
    const root = join(folder.path, 'small')
    await mkdir(root)
    const told = await fill(`mount -t tmpfs -o size=2m none ${root};`, root, 300_000)
    expect(told.kept.length).toBeWithin(4, 8)
    expect(told).toMatchObject({
      code: 'not_ready',
      problem: `The media directory ${root} is full.`,
      remedy: expect.stringContaining('image_cache_max_mb'),
      found: told.kept.map((id: string) => ({ id, whole: true })),
      readable: told.kept,
      again: 'kept',
    })
    expect(told.message).not.toContain(root)
  })

  test.skipIf(!mounts)('says that it may not be written', async () => {
    const root = join(folder.path, 'frozen')
    await mkdir(root)
    const told = await fill(`mount -t tmpfs -o ro none ${root};`, root, 10)
    expect(told).toMatchObject({
      kept: [],
      code: 'not_ready',
      problem: `The media directory ${root} cannot be written or read.`,
      remedy: expect.stringContaining('MEDIA_DIR'),
    })
  })
})

test('leaves others on its disk some room', async () => {
  const root = join(folder.path, 'shared')
  expect(await createDirectory(root, 1).room?.()).toBe(Number.POSITIVE_INFINITY)
  await put(createDirectory(root), 'a.png', new Uint8Array(10))
  const { bavail, bsize } = statfsSync(root)
  const free = bavail * bsize
  const room = (await createDirectory(root, free / 2).room?.()) ?? 0
  expect(room).toBeWithin(free * 0.3, free * 0.7)
  expect(await createDirectory(root, free * 1.5).room?.()).toBeLessThan(0)
  // More than half of what should be free is: it may be cleared up in time.
  await put(createDirectory(root, free * 1.5), 'b.png', new Uint8Array(10))
  await expect(
    put(createDirectory(root, free * 3), 'c.png', new Uint8Array(10)),
  ).rejects.toMatchObject({ details: { cause: { message: expect.stringContaining('is full') } } })
  expect(await listed(createDirectory(root))).toHaveLength(2)
})

test('a directory that is none is said to be so', async () => {
  const file = join(folder.path, 'file')
  await Bun.write(file, 'x')
  for (const root of [file, join(file, 'media')]) {
    const store = createDirectory(root)
    const attempts = [
      () => put(store, 'a.png', new Uint8Array(1)),
      () => store.open('a.png', 0, 1),
      () => store.remove(['a.png']),
      () => listed(store),
    ]
    for (const attempt of attempts)
      await expect(attempt()).rejects.toMatchObject({
        code: 'not_ready',
        message: expect.not.stringContaining(file),
        details: { cause: { message: expect.stringContaining(root) } },
      })
  }
  const lost = createDirectory(join(file, 'media'))
  await expect(Promise.resolve(lost.room?.())).rejects.toMatchObject({ code: 'not_ready' })
})

test.each([
  ['ENOSPC', 'is full', 'df -h'],
  ['EDQUOT', 'is full', 'df -h'],
  ['EACCES', 'cannot be written or read', 'MEDIA_DIR'],
  ['EROFS', 'cannot be written or read', 'MEDIA_DIR'],
  ['EMFILE', 'too many files', 'ulimit'],
  ['EIO', 'disk fails', 'dmesg'],
])('%s is explained', (code, says, remedy) => {
  const problem = directoryProblem('/media', Object.assign(new Error('x'), { code }))
  expect(problem?.message).toContain(says)
  expect(problem?.remedy).toContain(remedy)
})

test('a mistake of ours is not taken for a fault of the disk', () => {
  expect(directoryProblem('/media', new TypeError('x'))).toBeUndefined()
})
