import { expect, test } from 'bun:test'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkMedia } from '#src/cli/media-check'
import { readConfig } from '#src/config'
import { groxy, runProgram, scratch } from '../support/programs'

const MB = 1024 * 1024

test('says whether pictures, videos and files can be kept, and where', async () => {
  await using folder = await scratch('media-check')
  const { path } = folder
  await Bun.write(join(path, 'file'), 'x')
  await mkdir(join(path, 'kept'))
  const check = (variables: Record<string, string>, leastFree = MB) =>
    checkMedia(readConfig(variables), leastFree)
  const database = { DATABASE_URL: `file:${join(path, 'deep', 'groxy.db')}` }
  const media = join(path, 'deep', 'media')
  const room = (where: string) => ({
    ok: true,
    line: expect.stringMatching(
      new RegExp(`^✓ pictures, videos and files at ${where}: \\d+ MB free$`),
    ),
  })

  expect(check(database)).toEqual(room(media))
  expect(check({ MEDIA_DIR: join(path, 'kept') })).toEqual(room(join(path, 'kept')))
  for (const url of ['file::memory:', 'libsql://db.example'])
    expect(check({ DATABASE_URL: url })).toEqual({
      ok: true,
      line: '✓ pictures, videos and files are kept in the database',
    })
  expect(check(database, Number.MAX_SAFE_INTEGER)).toMatchObject({
    ok: false,
    line: expect.stringContaining('image_cache_max_mb'),
  })
  for (const name of ['file', 'file/media'])
    expect(check({ MEDIA_DIR: join(path, name) })).toMatchObject({
      ok: false,
      line: expect.stringMatching(/cannot be written or read.*MEDIA_DIR/s),
    })
  expect((await readdir(path)).toSorted()).toEqual(['file', 'kept'])
  expect(await readdir(join(path, 'kept'))).toEqual([])
})

test('the doctor looks at the directory, and a backup names it', async () => {
  await using folder = await scratch('media-check')
  const media = join(folder.path, 'elsewhere')
  const env = {
    DATABASE_URL: `file:${join(folder.path, 'groxy.db')}`,
    MEDIA_DIR: media,
    PORT: '0',
  }
  await groxy(['keys', 'create', 'one'], env)
  expect(await groxy(['doctor'], env)).toContain(`✓ pictures, videos and files at ${media}: `)
  expect(await groxy(['backup', join(folder.path, 'first.db')], env)).not.toContain('Pictures')
  await mkdir(media)
  await chmod(media, 0o700)
  expect(await groxy(['backup', join(folder.path, 'second.db')], env)).toContain(
    `Pictures, videos and files are not in it: copy ${media}, too.`,
  )
  const wrong = { ...env, MEDIA_DIR: join(folder.path, 'groxy.db') }
  const doctor = await runProgram([process.execPath, 'src/main.ts', 'doctor'], { env: wrong })
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('cannot be written')])
})
