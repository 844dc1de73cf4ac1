import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { bucketServer } from '../fakes/r2'
import { type Gateway, gateway, KEY } from '../support/gateway'
import { noise } from '../support/object-stores'
import { PNG_HEAD } from '../support/picture-bytes'
import { groxy, scratch, until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { workerWorld } from '../support/worker-world'
import { workerd } from '../support/workerd'

const MINUTE_MS = 60_000

function picture(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = noise(length, seed)
  bytes.set(PNG_HEAD)
  return bytes
}

interface At {
  readonly url: string
  readonly key?: string
}

function upload({ url, key = KEY }: At, way: string, bytes: Uint8Array<ArrayBuffer>) {
  const form = new FormData()
  form.set('purpose', 'user_data')
  form.set('file', new File([bytes], 'picture.png', { type: 'image/png' }))
  const headers = { authorization: `Bearer ${key}` }
  return fetch(url + way, { method: 'POST', headers, body: form })
}

const uploaded = async (at: At, bytes: Uint8Array<ArrayBuffer>) =>
  (await (await upload(at, '/v1/uploads/image', bytes)).json()) as { url: string }

/** A gateway with a directory, whose clock only the test moves on from now. */
async function world(path: string, settings: Record<string, unknown>) {
  let offset = 0
  const it = await gateway({
    path: join(path, 'groxy.db'),
    settings,
    now: () => Date.now() + offset,
  })
  return {
    ...it,
    async later(ms: number) {
      offset += ms
      await it.app.refresh()
    },
    statuses: (urls: readonly string[]) =>
      Promise.all(urls.map(async (url) => (await fetch(url, { method: 'HEAD' })).status)),
  }
}

describe('what is kept', () => {
  test('goes soon after there is too much of it, what was unused for longest first', async () => {
    await using folder = await scratch('storage')
    await using it = await world(folder.path, { image_cache_max_mb: 1 })
    await it.later(MINUTE_MS)
    const early = await Promise.all([1, 2].map((nth) => uploaded(it, picture(300_000, nth))))
    await it.later(61 * MINUTE_MS)
    const late = await Promise.all([3, 4].map((nth) => uploaded(it, picture(300_000, nth))))
    await it.later(MINUTE_MS)
    const urls = [...early, ...late].map(({ url }) => url)
    expect(await it.statuses(urls)).toEqual([404, 404, 200, 200])
    expect(it.lines.some((line) => line.includes('"media_cleaned","removed":2'))).toBe(true)
  })

  test('stays while it may, and what is unknown goes', async () => {
    await using folder = await scratch('storage')
    await using it = await world(folder.path, { media_cleaning: false, image_cache_max_mb: 0 })
    const { url } = await uploaded(it, picture(1_000))
    const orphan = join(folder.path, 'media', '99', `${'9'.repeat(32)}.png`)
    await Bun.write(orphan, 'x')
    await it.later(3 * 60 * MINUTE_MS)
    expect(await it.statuses([url])).toEqual([200])
    await it.stores.settings.set('media_cleaning', true)
    await it.stores.settings.set('image_cache_max_mb', 10)
    await it.later(3 * 60 * MINUTE_MS)
    await it.later(3 * 60 * MINUTE_MS)
    expect(await it.statuses([url])).toEqual([200])
    expect(await Bun.file(orphan).exists()).toBe(false)
  })
})

test('where nothing can be kept clients hear that, and the log says why', async () => {
  await using folder = await scratch('storage')
  const file = join(folder.path, 'file')
  await Bun.write(file, 'x')
  await using it: Gateway = await gateway({ env: { MEDIA_DIR: file } })
  for (const way of ['/v1/files', '/v1/uploads/image']) {
    const answer = await upload(it, way, picture(1_000))
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    expect([answer.status, error.code]).toEqual([503, 'not_ready'])
    expect(error.message).not.toContain(folder.path)
  }
  const [line = '{}'] = it.lines.filter((one) => one.includes('"event":"setup"'))
  expect(JSON.parse(line)).toMatchObject({
    problem: `The media directory ${file} cannot be written or read.`,
    remedy: expect.stringContaining('MEDIA_DIR'),
  })
})

describe.skipIf(isWithoutSqld)('a Worker', () => {
  test('keeps things in its bucket, and clears it up when it is told to', async () => {
    await using world = await workerWorld()
    await using bucket = bucketServer()
    const variables = { ...world.env, LOG_LEVEL: 'debug' }
    await using worker = await workerd(world.build.outdir, variables, { bucketPort: bucket.port })
    const at = { url: worker.url, key: world.key }
    const bytes = picture(6_000_000)
    const { url } = await uploaded(at, bytes)
    expect([...bucket.objects.keys()]).toEqual([`groxy/${url.split('/').at(-1)}`])
    expect(await (await fetch(url)).bytes()).toEqual(bytes)
    const orphan = { bytes, uploaded: new Date(0), etag: 'x' }
    bucket.objects.set('groxy/99999999999999999999999999999999.png', orphan)
    await groxy(['jobs', 'run', 'media'], world.env)
    expect(await worker.tick()).toBe('ok')
    await until(() => bucket.objects.size === 1 || undefined)
    expect(await (await fetch(url)).bytes()).toEqual(bytes)
  }, 60_000)
})
