import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { link, rename, rm, stat, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { copyCommand } from '#src/cli/copy'
import { migrateCommand } from '#src/cli/migrate'
import { openState } from '#src/cli/state'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createDirectory } from '#src/media/directory'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createObjects } from '#src/store/objects'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { copied, SECRET } from '../support/copying'
import { contentsOf, expectEveryTableFilled, fillEveryTable } from '../support/every-table'
import { gateway, KEY } from '../support/gateway'
import { livedIn } from '../support/lived-in'
import { get, noise, put } from '../support/object-stores'
import { scratch } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const LONG = 120_000

/** A database of a file that was used a little, with a picture and a file; closed again. */
async function small(folder: string, name = 'groxy.db') {
  const path = join(folder, name)
  await using it = await gateway({ path })
  const body = new FormData()
  body.append('purpose', 'user_data')
  body.append('file', new Blob([noise(1_300_000)]), 'noise.bin')
  const headers = { authorization: `Bearer ${KEY}` }
  const answer = await fetch(`${it.url}/v1/files`, { method: 'POST', headers, body })
  const { id } = (await answer.json()) as { id: string }
  await it.stores.settings.mark('secret_check')
  const state = await openState(readConfig({ DATABASE_URL: `file:${path}`, GROXY_SECRET: SECRET }))
  await it.stores.keys.create({ name: 'laptop' })
  state.client.close()
  return { path, url: `file:${path}`, media: join(folder, 'media'), file: id }
}

/** Read a file database as it is, exactly. */
async function contentsAt(path: string) {
  const client = openFile(path, { exact: true })
  try {
    return await contentsOf(client)
  } finally {
    client.close()
  }
}

describe.skipIf(isWithoutSqld)('over a libSQL server', () => {
  test(
    'a lived-in database moves there and back, with every table and every byte',
    async () => {
      await using server = await sqld()
      await using folder = await scratch('copy')
      const path = join(folder.path, 'here/groxy.db')
      let file = ''
      {
        await using it = await livedIn({ path })
        const state = await openState(
          readConfig({ DATABASE_URL: `file:${path}`, GROXY_SECRET: SECRET }),
        )
        state.client.close()
        const { rows } = await it.client.execute('SELECT id FROM files')
        file = String(rows[0]?.id)
      }
      const left = openFile(path)
      // As an instance does that stops.
      await left.execute('DELETE FROM instances')
      left.close()
      const before = await contentsAt(path)
      const moved = await copied({ from: `file:${path}`, to: server.url })
      expect(moved.printed).toContain('Done: ')
      expect(moved.code).toBe(0)
      // Its bytes were never in the directory.
      expect(moved.printed).toContain(
        '1 pictures and videos have no bytes here: they are fetched again',
      )
      const remote = openRemote(server.url, undefined, { exact: true })
      expect(await contentsOf(remote)).toEqual(before)

      const back = join(folder.path, 'back/groxy.db')
      const returned = await copied({ from: server.url, to: `file:${back}` })
      expect([returned.code, returned.printed]).toEqual([0, expect.stringContaining('Done: ')])
      expect(await contentsAt(back)).toEqual(before)
      const [ours, theirs] = [
        createDirectory(join(folder.path, 'here/media')),
        createDirectory(join(folder.path, 'back/media')),
      ]
      const there = createObjects({ client: openRemote(server.url), now: Date.now })
      const media = await openFile(path).execute(
        'SELECT name AS id, bytes FROM media WHERE bytes > 0 UNION ALL SELECT id, bytes FROM files',
      )
      expect(media.rows.length).toBeGreaterThan(5)
      let compared = 0
      for (const { id, bytes } of media.rows) {
        const here = await get(ours, String(id), 0, Number(bytes))
        if (!here) continue
        expect(await get(there, String(id), 0, Number(bytes))).toEqual(here)
        expect(await get(theirs, String(id), 0, Number(bytes))).toEqual(here)
        compared++
      }
      expect(compared).toBe(media.rows.length - 1)

      const secret = join(folder.path, 'back/groxy.secret')
      expect((await Bun.file(secret).text()).trim()).toBe(SECRET)
      expect((await stat(secret)).mode & 0o777).toBe(0o600)
      await using again = await gateway({ path: back })
      // Their secrets open.
      const accounts = await again.stores.accounts.list()
      const team = accounts.find(({ name }) => name === 'team')
      expect(await createVault(SECRET).open(team?.secret ?? '')).toBe(
        'xai-lived-in-000000000000000000007f3a',
      )
      const content = await fetch(`${again.url}/v1/files/${file}/content`, {
        headers: { authorization: `Bearer ${KEY}` },
      })
      expect(content.status).toBe(200)
    },
    LONG,
  )

  test(
    'every table moves there and back, whatever is in its rows',
    async () => {
      await using server = await sqld()
      await using folder = await scratch('copy')
      const it = await small(folder.path)
      const client = openFile(it.path)
      await fillEveryTable(client, 250)
      await client.execute('DELETE FROM instances')
      client.close()
      const before = await contentsAt(it.path)
      expectEveryTableFilled(before)
      expect((await copied({ from: it.url, to: server.url })).code).toBe(0)
      const remote = openRemote(server.url, undefined, { exact: true })
      expect(await contentsOf(remote)).toEqual(before)
      const back = `${folder.path}/back/groxy.db`
      expect((await copied({ from: server.url, to: `file:${back}` })).code).toBe(0)
      expect(await contentsAt(back)).toEqual(before)
    },
    LONG,
  )

  test(
    'a server that goes away is waited for, and a copy that gave up goes on where it stopped',
    async () => {
      await using server = await sqld()
      await using folder = await scratch('copy')
      const it = await small(folder.path)
      const client = openFile(it.path)
      await client.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
      INSERT INTO audit_log (id, at, actor, action, subject) SELECT i + 10, i, 'somebody', 'key.change', 'subject ' || i FROM n`)
      client.close()
      let kills = 0
      const killed = async (line: string, patienceMs: number, revive: boolean) => {
        if (kills > 0 || !/^audit_log: [1-9]/.test(line)) return
        kills++
        await server.kill()
        if (revive) setTimeout(() => server.restart(), 1_000)
        return patienceMs
      }
      const gone = await copied({
        from: it.url,
        to: server.url,
        patienceMs: 700,
        onNote: (line) => void killed(line, 700, false),
      })
      expect(kills).toBe(1)
      expect(gone.printed).toMatch(
        /stopped in audit_log, after [\d,]+ rows.*Run the same command again/s,
      )
      expect(gone.noted.join('\n')).toContain('The database does not answer')
      await server.restart()
      expect(await refusalOf(server.url)).toContain('is a copy of file:')
      kills = 0
      const finished = await copied({
        from: it.url,
        to: server.url,
        onNote: (line) => void killed(line, 20_000, true),
      })
      expect([finished.code, kills]).toEqual([0, 1])
      const remote = openRemote(server.url, undefined, { exact: true })
      expect(await contentsOf(remote)).toEqual(await contentsAt(it.path))
    },
    LONG,
  )

  test(
    'from server to server, and rows of the source that come meanwhile',
    async () => {
      await using one = await sqld()
      await using two = await sqld()
      await using folder = await scratch('copy')
      const it = await small(folder.path)
      expect((await copied({ from: it.url, to: one.url })).code).toBe(0)
      const source = openRemote(one.url)
      const vault = createVault(SECRET)
      const stores = createStores({ client: source, vault, now: Date.now })
      const late: Promise<unknown>[] = []
      const moved = await copied({
        from: one.url,
        to: two.url,
        onNote(line) {
          // This table was gone through, and gets another row.
          if (late.length === 0 && /^keys: [1-9]/.test(line))
            late.push(stores.keys.create({ name: 'late' }))
        },
      })
      await Promise.all(late)
      expect(late).toHaveLength(1)
      expect([moved.code, moved.printed]).toEqual([
        0,
        expect.stringContaining('GROXY_SECRET=as it is set here'),
      ])
      // The first time it was gone through it had a row less.
      const counts = moved.noted.map((line) => /^keys: ([1-9])/.exec(line)?.[1])
      expect([...new Set(counts.filter(Boolean))]).toEqual(['1', '2'])
      const target = openRemote(two.url, undefined, { exact: true })
      expect(await contentsOf(target)).toEqual(
        await contentsOf(openRemote(one.url, undefined, { exact: true })),
      )
      const names = await target.execute('SELECT name FROM keys')
      expect(names.rows.map(({ name }) => name)).toContain('late')
      const objects = createObjects({ client: openRemote(two.url), now: Date.now })
      expect(await get(objects, it.file, 0, 1_300_000)).toEqual(noise(1_300_000))
      source.close()
    },
    LONG,
  )

  test(
    'a server that is not there is not waited for at the beginning',
    async () => {
      await using folder = await scratch('copy')
      const it = await small(folder.path)
      const begun = performance.now()
      const { code, printed } = await copied({ from: it.url, to: 'http://127.0.0.1:9' })
      expect([code, printed]).toEqual([
        1,
        expect.stringContaining('http://127.0.0.1:9 does not answer'),
      ])
      expect(performance.now() - begun).toBeLessThan(10_000)
    },
    LONG,
  )
})

/** What somebody is told who starts Groxy over a database. */
async function refusalOf(url: string, env: Record<string, string> = {}): Promise<string> {
  const opened = await openState(
    readConfig({ DATABASE_URL: url, GROXY_SECRET: SECRET, ...env }),
  ).catch((cause: Error) => cause)
  if (opened instanceof Error) return opened.message
  opened.client.close()
  return ''
}

test('a copy that is not done is refused by whoever opens it, and done by the same command', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const to = `file:${folder.path}/there/groxy.db`
  const stop = new AbortController()
  const stopped = await copied({
    from: it.url,
    to,
    signal: stop.signal,
    onNote: (line) => line.startsWith('keys') && stop.abort(),
  })
  expect([stopped.code, stopped.printed]).toEqual([
    1,
    expect.stringMatching(/stopped in .*Run the same command again/s),
  ])
  expect(await refusalOf(to)).toContain('is a copy of file:')
  const half = openFile(`${folder.path}/there/groxy.db`)
  const stores = createStores({ client: half, vault: createVault(SECRET), now: Date.now })
  await expect(stores.settings.all()).rejects.toThrow('is a copy of file:')
  const own = process.env.DATABASE_URL
  process.env.DATABASE_URL = to
  await expect(migrateCommand.run([])).rejects.toThrow('is a copy of file:')
  process.env.DATABASE_URL = own ?? ''
  half.close()
  expect((await copied({ from: to, to: `file:${folder.path}/third/groxy.db` })).printed).toContain(
    'is a copy of file:',
  )
  const done = await copied({ from: it.url, to })
  expect(done.code).toBe(0)
  expect(done.printed).toContain(`DATABASE_URL=${to}`)
  expect(await contentsAt(`${folder.path}/there/groxy.db`)).toEqual(await contentsAt(it.path))
  expect(await refusalOf(to)).toBe('')
})

test('what is at the target already is never written over', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  await using elsewhere = await scratch('copy')
  const other = await small(elsewhere.path)
  const before = await contentsAt(other.path)
  expect((await copied({ from: it.url, to: other.url })).printed).toContain(
    'there is something in it',
  )
  expect(await contentsAt(other.path)).toEqual(before)

  const to = `file:${folder.path}/half/groxy.db`
  const stop = new AbortController()
  await copied({ from: it.url, to, signal: stop.signal, onNote: () => stop.abort() })
  const half = await contentsAt(`${folder.path}/half/groxy.db`)
  const { code, printed } = await copied({ from: other.url, to })
  expect([code, printed]).toEqual([1, expect.stringContaining('is a copy of another database')])
  expect(await contentsAt(`${folder.path}/half/groxy.db`)).toEqual(half)

  const foreign = `${folder.path}/foreign/data.db`
  const client = openFile(foreign)
  await client.execute('CREATE TABLE recipes (name text)')
  client.close()
  expect((await copied({ from: it.url, to: `file:${foreign}` })).printed).toContain(
    'belongs to another program',
  )
})

test('a database that Groxy runs over is no target', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  await using elsewhere = await scratch('copy')
  const other = await small(elsewhere.path)
  await runningAt(other.path)
  expect((await copied({ from: it.url, to: other.url })).printed).toContain('Groxy runs over file:')
})

/** As if an instance were there. */
async function runningAt(path: string, ms = 60_000): Promise<void> {
  const client = openFile(path)
  const stores = createStores({ client, vault: createVault(SECRET), now: Date.now })
  const now = Date.now()
  await stores.instances.keep({
    ...{
      name: 'one',
      host: 'cellar',
      runtime: 'Bun',
      version: '0',
      process: null,
      state: 'serving',
    },
    ...{ startedAt: now, seenAt: now, expiresAt: now + ms },
  })
  client.close()
}

test('a source in use is copied as it was, and the copy is done when nobody uses it any more', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const to = `file:${folder.path}/there/groxy.db`
  await runningAt(it.path)
  const during = openFile(it.path)
  const before = await contentsAt(it.path)
  let isAdded = false
  const first = await copied({
    from: it.url,
    to,
    onNote() {
      if (isAdded) return
      isAdded = true
      during.execute("INSERT INTO aliases (name, model) VALUES ('late', 'grok-4')")
    },
  })
  expect(first.code).toBe(3)
  expect(first.printed).toMatch(
    /Groxy runs at file:\S+ \(cellar\).*stop Groxy.*run the same command once more.*This run took \d+ s/s,
  )
  expect(await contentsAt(`${folder.path}/there/groxy.db`)).toEqual(before)
  expect(await refusalOf(to)).toContain('is a copy of')
  await during.execute('DELETE FROM instances')
  during.close()
  const second = await copied({ from: it.url, to })
  expect(second.code).toBe(0)
  expect(await contentsAt(`${folder.path}/there/groxy.db`)).toEqual(await contentsAt(it.path))
})

test('what changes without an instance is caught up with in the same run', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const to = `file:${folder.path}/there/groxy.db`
  const during = openFile(it.path)
  let isAdded = false
  const { code } = await copied({
    from: it.url,
    to,
    onNote() {
      if (isAdded) return
      isAdded = true
      during.execute("INSERT INTO aliases (name, model) VALUES ('late', 'grok-4')")
    },
  })
  expect([code, isAdded]).toEqual([0, true])
  expect(await contentsAt(`${folder.path}/there/groxy.db`)).toEqual(await contentsAt(it.path))
})

test('--dry-run and --verify write nothing', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const path = `${folder.path}/there/groxy.db`
  const to = `file:${path}`
  const dry = await copied({ from: it.url, to, isDry: true })
  expect([dry.code, dry.printed]).toEqual([
    0,
    expect.stringMatching(
      /keys\s+1\n.*1 pictures, videos and files \(1\.3 MB\).*is empty.*Nobody uses/s,
    ),
  ])
  expect(await Bun.file(path).exists()).toBe(false)
  expect((await copied({ from: it.url, to, isOnlyCompared: true })).printed).toContain(
    'There is no database at',
  )
  expect((await copied({ from: it.url, to })).code).toBe(0)
  expect((await copied({ from: it.url, to, isOnlyCompared: true })).printed).toContain('The same: ')
  const client = openFile(path)
  await client.execute("UPDATE keys SET name = 'another'")
  await client.execute("INSERT INTO aliases (name, model) VALUES ('more', 'grok-4')")
  client.close()
  const changed = await contentsAt(path)
  const compared = await copied({ from: it.url, to, isOnlyCompared: true })
  expect(compared.code).toBe(3)
  expect(compared.printed).toContain('keys: 1 rows lack or differ, 0 are too many')
  expect(compared.printed).toContain('aliases: 0 rows lack or differ, 1 are too many')
  expect(await contentsAt(path)).toEqual(changed)
  expect((await copied({ from: it.url, to, isDry: true })).printed).toContain(
    'there is something in it',
  )
})

test('a run that another has overtaken writes no more', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const path = `${folder.path}/there/groxy.db`
  let before: Promise<Record<string, string>> | undefined
  const overtaken = await copied({
    from: it.url,
    to: `file:${path}`,
    onNote(line) {
      if (before || !line.startsWith('pictures')) return
      const other = openFile(path)
      other.execute(
        "UPDATE settings SET value = json_set(value, '$.run', 'other') WHERE name = 'copy'",
      )
      before = contentsOf(other)
    },
  })
  expect([overtaken.code, overtaken.printed]).toEqual([
    1,
    expect.stringContaining('Another `groxy copy` writes to the same database'),
  ])
  expect(await contentsAt(path)).toEqual((await before) ?? {})
})

test('the command itself copies, by its options and the environment', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const own = process.env.GROXY_SECRET
  process.env.GROXY_SECRET = SECRET
  try {
    const args = ['--from', it.url, '--to', `file:${folder.path}/there/groxy.db`]
    expect(await copyCommand.run([...args, '--to-media', `${folder.path}/elsewhere`])).toBe(0)
    expect(await copyCommand.run([...args, '--verify', '--without-media'])).toBe(0)
  } finally {
    if (own === undefined) delete process.env.GROXY_SECRET
    else process.env.GROXY_SECRET = own
  }
})

describe('the secret', () => {
  test('is looked at before anything is written', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const path = `${folder.path}/there/groxy.db`
    const env = { GROXY_SECRET: 'another secret of tests' }
    const wrong = await copied({ from: it.url, to: `file:${path}`, env })
    expect(wrong.printed).toContain('GROXY_SECRET is not the secret that file:')
    const none = await copied({ from: it.url, to: `file:${path}`, env: { GROXY_SECRET: '' } })
    expect(none.printed).toContain('is not known')
    expect(await Bun.file(path).exists()).toBe(false)
  })

  test('of a file is taken from beside it, and is not said', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    await Bun.write(`${folder.path}/groxy.secret`, `${SECRET}\n`)
    const env = { GROXY_SECRET: '' }
    await Bun.write(`${folder.path}/other/groxy.secret`, 'not the secret of it\n')
    await Bun.write(`${folder.path}/other/groxy.db`, Bun.file(it.path))
    const to = `file:${folder.path}/wrong/groxy.db`
    const wrong = await copied({ from: `file:${folder.path}/other/groxy.db`, to, env })
    expect(wrong.printed).toContain('other/groxy.secret is not the secret that file:')
    const { code, printed } = await copied({
      from: it.url,
      to: `file:${folder.path}/there/groxy.db`,
      env,
    })
    expect(code).toBe(0)
    expect(printed).not.toContain(SECRET)
    expect(await refusalOf(`file:${folder.path}/there/groxy.db`, { GROXY_SECRET: '' })).toBe('')
  })

  test('of another database is left as it is', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    await Bun.write(`${folder.path}/there/groxy.secret`, 'the secret of somebody else\n')
    const { printed } = await copied({ from: it.url, to: `file:${folder.path}/there/groxy.db` })
    expect(printed).toContain('is the secret of another database')
    expect(await Bun.file(`${folder.path}/there/groxy.secret`).text()).toContain('somebody else')
  })
})

describe('pictures, videos and files', () => {
  test('are sent once, left out when asked to, and sent later', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const to = `file:${folder.path}/there/groxy.db`
    const there = createDirectory(`${folder.path}/there/media`)
    await runningAt(it.path)
    await copied({ from: it.url, to, media: { isLeft: true } })
    expect(await there.open(it.file, 0, 1)).toBeUndefined()
    const sent = await copied({ from: it.url, to })
    expect(sent.noted.join('\n')).toContain('pictures, videos and files: 1 objects, 1.3 MB')
    expect(await get(there, it.file, 0, 1_300_000)).toEqual(noise(1_300_000))
    const again = await copied({ from: it.url, to })
    expect(again.noted.join('\n')).toContain('pictures, videos and files: 1 objects, 0 kB')
  })

  test('that were sent before their rows are read and not sent again; what is another is', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const there = createDirectory(`${folder.path}/there/media`)
    await put(there, it.file, noise(1_300_000))
    const to = `file:${folder.path}/there/groxy.db`
    const found = await copied({ from: it.url, to })
    expect(found.noted.join('\n')).toContain('1 objects, 0 kB')
    await put(there, it.file, noise(1_300_000, 2))
    const compared = await copied({ from: it.url, to, isOnlyCompared: true })
    expect([compared.code, compared.printed]).toEqual([3, expect.stringContaining(it.file)])
    const other = `file:${folder.path}/other/groxy.db`
    await put(createDirectory(`${folder.path}/other/media`), it.file, noise(1_300_000, 2))
    expect((await copied({ from: it.url, to: other })).noted.join('\n')).toContain(
      '1 objects, 1.3 MB',
    )
  })

  test('that are lost are told of, and what is not as its row says is copied as it is', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const here = createDirectory(it.media)
    await put(here, it.file, noise(1_300_000, 3))
    const odd = await copied({ from: it.url, to: `file:${folder.path}/odd/groxy.db` })
    expect([odd.code, odd.printed]).toEqual([
      0,
      expect.stringContaining('1 pictures, videos or files have other bytes'),
    ])
    const same = await copied({
      from: it.url,
      to: `file:${folder.path}/odd/groxy.db`,
      isOnlyCompared: true,
    })
    expect(same.printed).toContain('The same: ')
    await rm(it.media, { recursive: true })
    const to = `file:${folder.path}/lost/groxy.db`
    const lost = await copied({ from: it.url, to })
    expect([lost.code, lost.printed]).toEqual([
      3,
      expect.stringContaining(`come from nowhere else (${it.file})`),
    ])
    expect(lost.printed).toContain('--without-media')
    expect(await refusalOf(to)).toContain('is not done')
    const given = await copied({ from: it.url, to, media: { isLeft: true } })
    expect([given.code, given.printed]).toEqual([0, expect.stringContaining('Done: ')])
    const even = await copied({ from: it.url, to, isOnlyCompared: true })
    expect([even.code, even.printed]).toEqual([0, expect.stringContaining('The same: ')])
  })

  test('that were looked for elsewhere are brought by the same command, with their directory', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const away = `${folder.path}/away`
    await rename(it.media, away)
    const to = `file:${folder.path}/there/groxy.db`
    expect((await copied({ from: it.url, to })).code).toBe(3)
    expect((await copied({ from: it.url, to, media: { from: away } })).code).toBe(0)
    const there = createDirectory(`${folder.path}/there/media`)
    expect(await get(there, it.file, 0, 1_300_000)).toEqual(noise(1_300_000))
  })

  test('are where MEDIA_DIR says, however the address of its database is written', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const away = `${folder.path}/away`
    await rename(it.media, away)
    const env = { MEDIA_DIR: away, DATABASE_URL: `file:${relative(process.cwd(), it.path)}` }
    const to = `file:${folder.path}/there/groxy.db`
    expect((await copied({ from: it.url, to, env })).code).toBe(0)
  })

  test('stay where they are when both ends have the same directory, and go where one is named', async () => {
    await using folder = await scratch('copy')
    const it = await small(folder.path)
    const same = await copied({
      from: it.url,
      to: `file:${folder.path}/a/groxy.db`,
      media: { to: it.media },
    })
    expect(same.noted.join('\n')).not.toContain('pictures')
    const to = `${folder.path}/elsewhere`
    await copied({ from: it.url, to: `file:${folder.path}/b/groxy.db`, media: { to } })
    expect(await get(createDirectory(to), it.file, 0, 1_300_000)).toEqual(noise(1_300_000))
  })
})

test('a source must be there, of this version, and another than the target', async () => {
  await using folder = await scratch('copy')
  const it = await small(folder.path)
  const to = `file:${folder.path}/there/groxy.db`
  expect((await copied({ from: `file:${folder.path}/nothing.db`, to })).printed).toContain(
    'There is no database at',
  )
  expect((await copied({ from: it.url, to: it.url })).printed).toContain(
    'Both addresses are the same',
  )
  expect((await copied({ from: it.url, to: `file:${folder.path}/./groxy.db` })).printed).toContain(
    'the same',
  )
  await symlink(it.path, `${folder.path}/symbolic.db`)
  await link(it.path, `${folder.path}/hard.db`)
  for (const name of ['symbolic', 'hard'])
    expect(
      (await copied({ from: it.url, to: `file:${folder.path}/${name}.db` })).printed,
    ).toContain('Both addresses are the same')
  expect(existsSync(`${folder.path}/hard.db-wal`)).toBe(false)
  expect((await copied({ from: it.url, to: 'ftp://somewhere' })).printed).toContain('is no address')
  expect((await copied({ from: it.url, to: 'file::memory:' })).printed).toContain('is no address')
  const client = openFile(it.path)
  await client.execute('UPDATE __drizzle_migrations SET created_at = created_at - 1')
  expect((await copied({ from: it.url, to })).printed).toContain('older version')
  await client.execute('UPDATE __drizzle_migrations SET created_at = created_at + 10')
  expect((await copied({ from: it.url, to })).printed).toContain('newer version')
  client.close()
  const unused = openFile(`${folder.path}/unused.db`)
  await migrate(unused)
  unused.close()
  const never = await copied({ from: `file:${folder.path}/unused.db`, to })
  expect(never.printed).toContain('was never used')
  openFile(`${folder.path}/empty.db`).close()
  expect((await copied({ from: `file:${folder.path}/empty.db`, to })).printed).toContain(
    'There is no Groxy at',
  )
})

afterAll(() => {
  // `migrate` reads it.
  if (process.env.DATABASE_URL === '') delete process.env.DATABASE_URL
})
