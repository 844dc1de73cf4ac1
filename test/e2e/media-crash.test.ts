import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createDirectory } from '#src/media/directory'
import { migrate } from '#src/store/migrate'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import { KEY } from '../support/gateway'
import { broken, cleanedLater, openDatabase } from '../support/kept-media'
import { noise } from '../support/object-stores'
import { PNG_HEAD } from '../support/picture-bytes'
import { freePort, scratch, startProgram } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

// kill -9 at random moments: what a row says is stored is there, whole, and the rest can be found.

const CRASHES = 20

/** Start the fixture that writes, and kill it after a while. */
async function crash(database: string, root: string | undefined): Promise<void> {
  const args = ['test/fixtures/media-writer.ts', database, ...(root ? [root] : [])]
  const child = Bun.spawn([process.execPath, ...args], { stdout: 'pipe', stderr: 'inherit' })
  await child.stdout.getReader().read()
  await Bun.sleep(Math.random() * 250)
  child.kill('SIGKILL')
  await child.exited
  // A fault of the fixture would end it sooner, and nothing would be shown.
  expect(child.signalCode).toBe('SIGKILL')
}

const KINDS = ['a directory', 'the database', 'a libSQL server'] as const

describe.each(KINDS)('objects in %s', (kind) => {
  test.skipIf(kind === 'a libSQL server' && isWithoutSqld)(
    'survive that their writer and their cleaner are killed',
    async () => {
      await using stack = new AsyncDisposableStack()
      const { path } = stack.use(await scratch('crash'))
      const database =
        kind === 'a libSQL server' ? stack.use(await sqld()).url : `file:${join(path, 'groxy.db')}`
      const root = kind === 'a directory' ? join(path, 'media') : undefined
      const client = openDatabase(database)
      stack.defer(() => client.close())
      await migrate(client)
      const objects = root
        ? createDirectory(root)
        : createObjects({ client: patient(client), now: Date.now })
      let left = 0
      for (let nth = 0; nth < CRASHES; nth++) {
        await crash(database, root)
        expect(await broken(client, objects)).toEqual([])
        if (nth % 5 < 4) continue
        const { removed, there, known } = await cleanedLater(client, objects)
        left += removed
        expect(there).toEqual(known)
        expect(await broken(client, objects)).toEqual([])
      }
      const { rows } = await client.execute('SELECT count(*), count(bytes) FROM media')
      expect(Number(rows[0]?.[0])).toBeWithin(1, 21)
      expect(Number(rows[0]?.[1])).toBeGreaterThan(0)
      expect(left).toBeGreaterThan(0)
      const parts = await client.execute(
        'SELECT count(*) FROM object_parts WHERE object_id NOT IN (SELECT parts FROM objects)',
      )
      expect(Number(parts.rows[0]?.[0])).toBe(0)
    },
    120_000,
  )
})

test('files and pictures that clients bring survive that the server is killed', async () => {
  await using folder = await scratch('crash')
  const database = `file:${join(folder.path, 'groxy.db')}`
  const objects = createDirectory(join(folder.path, 'media'))
  let answered = 0
  for (let nth = 0; nth < CRASHES; nth++) {
    const port = freePort()
    const server = await startProgram({
      command: [process.execPath, 'src/main.ts', 'serve'],
      port,
      path: '/health',
      env: { PORT: String(port), DATABASE_URL: database, GROXY_API_KEY: KEY, LOG_LEVEL: 'error' },
    })
    let isOver = false
    const bring = async (way: string, seed: number) => {
      while (!isOver) {
        const kept = await upload(server.url + way, seed++).catch(() => undefined)
        if (kept) answered++
        else if (!isOver) await Bun.sleep(5)
      }
    }
    const clients = ['/v1/files', '/v1/files', '/v1/uploads/image'].map((way, at) =>
      bring(way, nth * 100 + at * 33),
    )
    await Bun.sleep(50 + Math.random() * 400)
    isOver = true
    await server[Symbol.asyncDispose]()
    await Promise.all(clients)
  }
  const client = openDatabase(database)
  expect(await broken(client, objects)).toEqual([])
  const { rows } = await client.execute(
    'SELECT (SELECT count(*) FROM files) + (SELECT count(*) FROM media) AS kept',
  )
  // What a client was told is kept; of the last one it may not have heard.
  expect(Number(rows[0]?.kept)).toBeGreaterThanOrEqual(answered)
  expect(answered).toBeGreaterThan(CRASHES)
  const { there, known } = await cleanedLater(client, objects)
  expect(there).toEqual(known)
  client.close()
}, 180_000)

/** Says whether it was answered that it is kept. */
async function upload(url: string, seed: number): Promise<boolean> {
  const bytes = noise(50_000 + ((seed * 123_457) % 3_000_000), seed)
  bytes.set(PNG_HEAD)
  const form = new FormData()
  form.set('purpose', 'user_data')
  form.set('file', new File([bytes], 'picture.png', { type: 'image/png' }))
  const headers = { authorization: `Bearer ${KEY}` }
  const { ok } = await fetch(url, { method: 'POST', headers, body: form })
  return ok
}
