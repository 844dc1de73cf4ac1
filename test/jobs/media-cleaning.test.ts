import { afterEach, describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { createMediaCleaningJob } from '#src/jobs/media-cleaning'
import type { Progress } from '#src/jobs/runner'
import { createLog } from '#src/log'
import { createDirectory } from '#src/media/directory'
import type { ObjectStore } from '#src/media/object-store'
import { openFile } from '#src/store/file'
import type { MediaRow } from '#src/store/media'
import { migrate } from '#src/store/migrate'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import { createStores } from '#src/store/stores'
import { listed, noise, put } from '../support/object-stores'
import { scratch } from '../support/programs'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const MB = 1024 * 1024

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

/** A cleaner, whose clock only the test moves on from now. */
async function world(
  changed: Partial<Settings> = {},
  kind: 'directory' | 'database' = 'directory',
) {
  let offset = 0
  const now = () => Date.now() + offset
  const client = openFile(':memory:')
  stack.defer(() => client.close())
  await migrate(client)
  const stores = createStores({ client, vault: createVault('a secret for tests'), now })
  const settings = { ...DEFAULT_SETTINGS, ...changed }
  const folder = stack.use(await scratch('cleaning'))
  const objects: ObjectStore =
    kind === 'directory'
      ? createDirectory(folder.path)
      : createObjects({ client: patient(client), now: Date.now })
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line), readable: false, now })

  const cleaner = (name: string, over: ObjectStore = objects) =>
    createMediaCleaningJob({
      store: stores.mediaCleaning,
      media: stores.media,
      files: stores.files,
      objects: over,
      settings: () => settings,
      now,
      instance: () => name,
      log,
    })
  const cleaning = cleaner('one')
  const never = new AbortController().signal

  return {
    ...stores,
    client,
    objects,
    settings,
    lines,
    now,
    cleaner,
    ...cleaning,
    wait: (ms: number) => (offset += ms),
    async clean(asked = true) {
      let removed = 0
      const progress: Progress = (done) => (removed = done)
      await cleaning.job.run(never, progress, asked)
      return removed
    },

    /** Something of a size, with its object, unless it is only known. */
    async keep(name: string, bytes: number | null, more: Partial<MediaRow> = {}) {
      if (bytes !== null) await put(objects, name, noise(Math.min(bytes, 10)))
      const content = { mime: 'image/png', bytes, hash: 'hash' }
      const at = now()
      await stores.media.publish({
        name,
        sort: name.endsWith('.mp4') ? 'video' : 'image',
        accountId: 'account',
        keyId: 'key',
        source: `https://assets.example/${name}`,
        sourceHash: `hash of ${name}`,
        ...(bytes === null ? { mime: null, bytes, hash: null } : content),
        fetcher: null,
        fetchUntil: null,
        createdAt: at,
        usedAt: at,
        model: 'grok-imagine',
        ...more,
      })
    },

    async file(id: string, more: { expiresAt?: number | null; createdAt?: number } = {}) {
      await put(objects, id, noise(1))
      const row = { id, keyId: 'key', filename: 'f', purpose: 'p', mime: 'm', bytes: 1, hash: 'h' }
      const file = { ...row, createdAt: now(), expiresAt: null, ...more }
      await stores.files.insert(file, { now: 0, since: 0 }, 1_000)
    },

    async video(id: string, expiresAt: number) {
      await client.execute({
        sql: `INSERT INTO videos (id, key_id, shape, model, status, progress, request, origin,
            lease_until, tries, created_at, expires_at)
          VALUES (?, 'key', 'openai', 'm', 'completed', 100, '{}', '', 0, 1, 0, ?)`,
        args: [id, expiresAt],
      })
    },

    column: async (sql: string) => (await client.execute(sql)).rows.map((row) => row[0]),
    stored: async () => (await listed(objects, Number.MAX_SAFE_INTEGER)).map(({ id }) => id),
  }
}

/** A name that sorts by a number. */
const named = (nth: number, extension = 'png') => `${String(nth).padStart(32, '0')}.${extension}`

const OWN = { source: null, sourceHash: null }
const THERE = 'SELECT name FROM media WHERE bytes IS NOT NULL ORDER BY name'

describe('the limits', () => {
  test.each(['directory', 'database'] as const)(
    'of what is unused for longest so much goes that a fifth is free, in a %s',
    async (kind) => {
      const it = await world({ image_cache_max_mb: 10, video_cache_max_mb: 100 }, kind)
      for (let nth = 0; nth < 12; nth++)
        await it.keep(named(nth), MB, { usedAt: it.now() - (nth % 4) * HOUR })
      await it.keep(named(50, 'mp4'), 99 * MB, { usedAt: 0 })
      expect(await it.clean()).toBe(4)
      // Of the first hours first: 3, 7 and 11, then one of those an hour later.
      expect(await it.column(THERE)).toEqual(
        [0, 1, 4, 5, 6, 8, 9, 10].map((nth) => named(nth)).concat(named(50, 'mp4')),
      )
      expect(await it.stored()).toEqual((await it.column(THERE)) as string[])
      expect(await it.media.totals('image')).toMatchObject({ known: 12, bytes: 8 * MB })
      expect(await it.clean()).toBe(0)
      expect(it.lines.filter((line) => line.includes('media_cleaned'))).toHaveLength(1)
    },
  )

  test('what can be fetched again keeps its address, what cannot is forgotten, but not at once', async () => {
    const it = await world({ image_cache_max_mb: 0 })
    await it.keep(named(1), MB)
    await it.keep(named(2), MB, OWN)
    expect(await it.clean()).toBe(1)
    expect(await it.media.find(named(1))).toMatchObject({ mime: null, bytes: null, hash: null })
    expect(await it.stored()).toEqual([named(2)])
    it.wait(6 * MINUTE)
    expect(await it.clean()).toBe(1)
    expect(await it.column('SELECT name FROM media')).toEqual([named(1)])
    expect(await it.stored()).toEqual([])
    expect(await it.media.claim(named(1), 'reader', it.now() + 1)).toBe(true)
  })

  test('nobody fetches what is just being removed', async () => {
    const it = await world({ image_cache_max_mb: 0 })
    await it.keep(named(1), MB)
    const claims: boolean[] = []
    const over: ObjectStore = {
      ...it.objects,
      async remove(ids) {
        if (ids.length > 0) claims.push(await it.media.claim(named(1), 'reader', it.now() + MINUTE))
        await it.objects.remove(ids)
      },
    }
    await it.cleaner('two', over).job.run(new AbortController().signal, () => {}, true)
    expect(claims).toEqual([false])
    expect(await it.media.claim(named(1), 'reader', it.now() + MINUTE)).toBe(true)
  })

  test('a great deal goes in small steps, between which it can be stopped and begun again', async () => {
    const it = await world({ image_cache_max_mb: 0 })
    for (let nth = 0; nth < 160; nth++) await it.keep(named(nth), 10)
    const abort = new AbortController()
    const steps: number[] = []
    const progress: Progress = (done) => {
      steps.push(done)
      if (done === 100) abort.abort()
    }
    await it.job.run(abort.signal, progress, true)
    expect(steps.filter((done) => done > 0)).toEqual([50, 100])
    expect(await it.column('SELECT count(bytes) FROM media')).toEqual([60])
    expect(await it.stored()).toHaveLength(60)
    expect(await it.clean()).toBe(60)
  })

  test('large things go few at a time', async () => {
    const it = await world({ video_cache_max_mb: 0 })
    for (let nth = 0; nth < 6; nth++) await it.keep(named(nth, 'mp4'), 100 * MB)
    const steps: number[] = []
    await it.job.run(new AbortController().signal, (done) => steps.push(done), true)
    expect(steps.filter((done) => done > 0)).toEqual([3, 6])
  })
})

describe('a disk that is too full', () => {
  test('makes room for others: videos go first, but nothing that came just now', async () => {
    const it = await world()
    for (let nth = 0; nth < 4; nth++) await it.keep(named(nth, 'mp4'), 10 * MB, { usedAt: nth })
    await it.keep(named(4), MB)
    await it.keep(named(5), MB, OWN)
    let spare = -25 * MB
    const over: ObjectStore = {
      ...it.objects,
      async remove(ids) {
        for (const id of ids) spare += id.endsWith('mp4') ? 10 * MB : MB
        await it.objects.remove(ids)
      },
      room: async () => spare,
    }
    const { job, note } = it.cleaner('two', over)
    const clean = () => job.run(new AbortController().signal, () => {}, true)
    await clean()
    expect(await it.column(THERE)).toEqual([named(3, 'mp4'), named(4), named(5)])
    const since = () => ('since' in job ? job.since() : 0)
    it.wait(HOUR - (it.now() % HOUR))
    note(4 * MB)
    it.wait(MINUTE)
    expect(since() % HOUR).toBe(0)
    note(2 * MB)
    it.wait(MINUTE)
    expect(since() % HOUR).not.toBe(0)
    spare = -100 * MB
    await clean()
    expect(await it.stored()).toEqual([])
  })
})

describe('by age', () => {
  test('go pictures and videos that were made too long ago, with their addresses', async () => {
    const it = await world({ media_max_age_days: 10 })
    await it.keep(named(1), 10, { createdAt: it.now() - 11 * DAY })
    await it.keep(named(2), null, { createdAt: it.now() - 11 * DAY })
    await it.keep(named(3), 10, { createdAt: it.now() - 9 * DAY })
    expect(await it.clean()).toBe(2)
    expect(await it.column('SELECT name FROM media')).toEqual([named(3)])
    expect(await it.stored()).toEqual([named(3)])
  })

  test('go addresses that nobody has asked for in a year, unless something is stored for them', async () => {
    const it = await world()
    const usedAt = it.now() - 366 * DAY
    await it.keep(named(1), 10, { usedAt })
    await it.keep(named(2), null, { usedAt })
    await it.keep(named(3, 'mp4'), null, { usedAt })
    await it.keep(named(4), null, { usedAt: usedAt + 2 * DAY })
    await it.keep(named(5), null, { usedAt, fetcher: 'x', fetchUntil: it.now() + MINUTE })
    expect(await it.clean()).toBe(2)
    expect(await it.column('SELECT name FROM media ORDER BY name')).toEqual(
      [1, 4, 5].map((nth) => named(nth)),
    )
  })

  test('go files and video jobs that have expired', async () => {
    const it = await world({ file_max_days: 20 })
    const file = (nth: number) => `file-${String(nth).padStart(32, '0')}`
    await it.file(file(1), { expiresAt: it.now() - 1 })
    await it.file(file(2), { expiresAt: it.now() + MINUTE })
    await it.file(file(3), { createdAt: it.now() - 21 * DAY })
    await it.file(file(4), { createdAt: it.now() - 19 * DAY })
    for (let nth = 0; nth < 120; nth++) await it.video(`gone ${nth}`, it.now() - 1)
    await it.video('stays', it.now() + MINUTE)
    expect(await it.clean()).toBe(122)
    expect(await it.stored()).toEqual([file(2), file(4)])
    expect(await it.column('SELECT id FROM files ORDER BY id')).toEqual([file(2), file(4)])
    expect(await it.column('SELECT id FROM videos')).toEqual(['stays'])
    it.settings.file_max_days = 0
    it.wait(100 * DAY)
    // The one that expired by its own word, and the other job.
    expect(await it.clean()).toBe(2)
    expect(await it.column('SELECT id FROM files')).toEqual([file(4)])
  })
})

describe('what nobody refers to', () => {
  test.each(['directory', 'database'] as const)('goes after an hour, from a %s', async (kind) => {
    const it = await world({}, kind)
    await it.keep(named(1), 10)
    await it.keep(named(2), null)
    await it.keep(named(3), null, { fetcher: 'x', fetchUntil: it.now() + 3 * HOUR })
    await it.file('file-1')
    for (let nth = 2; nth < 260; nth++) await put(it.objects, named(nth), noise(1))
    const writer = await it.objects.create(named(500))
    await writer.write(noise(3 * MB))
    const all = await it.stored()
    expect(all).toHaveLength(261)
    expect(await it.clean()).toBe(0)
    expect(await it.stored()).toEqual(all)
    it.wait(HOUR + MINUTE)
    expect(await it.clean()).toBe(258)
    expect(await it.stored()).toEqual([named(1), named(3), 'file-1'])
    expect(await it.media.claim(named(2), 'reader', it.now() + 1)).toBe(true)
  })

  test('two instances at once do no harm', async () => {
    const it = await world({ image_cache_max_mb: 1 })
    for (let nth = 0; nth < 300; nth++) await it.keep(named(nth), 10_000)
    for (let nth = 300; nth < 600; nth++) await put(it.objects, named(nth), noise(1))
    it.wait(2 * HOUR)
    const never = new AbortController().signal
    await Promise.all(
      ['two', 'three'].map((name) => it.cleaner(name).job.run(never, () => {}, true)),
    )
    const there = await it.column(THERE)
    expect(await it.stored()).toEqual(there as string[])
    expect(there.length).toBeWithin(1, 105)
    expect(await it.column('SELECT count(*) FROM media')).toEqual([300])
    expect(await it.column('SELECT count(fetcher) FROM media')).toEqual([0])
  })
})

describe('when', () => {
  const since = ({ job }: Awaited<ReturnType<typeof world>>) => ('since' in job ? job.since() : 0)
  /** Move the clock to some time after an hour began. */
  const afterHour = (it: Awaited<ReturnType<typeof world>>, ms: number) =>
    it.wait(HOUR - (it.now() % HOUR) + ms)

  test('once an hour, and soon after there is more than room for', async () => {
    const it = await world({ image_cache_max_mb: 10, video_cache_max_mb: 20 })
    await it.keep(named(1), 9 * MB)
    afterHour(it, 10 * MINUTE)
    await it.clean()
    const hour = it.now() - (it.now() % HOUR)
    expect(since(it)).toBe(hour)
    it.note(MB / 2)
    it.wait(MINUTE)
    expect(since(it)).toBe(hour)
    it.note(MB)
    const noted = it.now()
    expect(since(it)).toBe(hour)
    it.wait(11_000)
    expect(since(it)).toBeWithin(noted + 9_000, noted + 11_000)
    await it.clean(false)
    expect(since(it)).toBe(hour)
    expect(it.job.isOn()).toBe(true)
    it.settings.media_cleaning = false
    expect(it.job.isOn()).toBe(false)
  })

  test('at once when a limit was made smaller, and not when it was made larger', async () => {
    const it = await world({ image_cache_max_mb: 10 })
    await it.keep(named(1), 9 * MB, { usedAt: it.now() - HOUR })
    afterHour(it, 10 * MINUTE)
    await it.clean()
    const hour = since(it)
    it.settings.image_cache_max_mb = 20
    expect(since(it)).toBe(hour)
    it.settings.image_cache_max_mb = 8
    expect(since(it)).toBeGreaterThan(hour)
    expect(await it.clean(false)).toBe(1)
    expect(since(it)).toBe(hour)
  })

  test('what is only woken looks at the limits alone, until the next hour', async () => {
    const it = await world({ image_cache_max_mb: 0 })
    afterHour(it, 2 * HOUR)
    expect(await it.clean(false)).toBe(0)
    await put(it.objects, named(7), noise(1))
    await it.keep(named(1), 10)
    expect(await it.clean(false)).toBe(1)
    expect(await it.stored()).toEqual([named(7)])
    afterHour(it, MINUTE)
    expect(await it.clean(false)).toBe(1)
    expect(await it.stored()).toEqual([])
  })

  test("at midnight of the operator's time zone, if he wants it so", async () => {
    const zone = 480
    const it = await world({ media_cleaning_time: 'nightly', time_zone_minutes: zone })
    it.note(1_000 * MB)
    it.wait(MINUTE)
    const midnight = since(it)
    expect(new Date(midnight + zone * MINUTE).toISOString()).toEndWith('T00:00:00.000Z')
    expect(it.now() - midnight).toBeWithin(0, DAY)
    it.wait(midnight + DAY - 1_000 - it.now())
    expect(since(it)).toBe(midnight)
    it.wait(2_000)
    expect(since(it)).toBe(midnight + DAY)
  })
})
