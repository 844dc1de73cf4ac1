import { type Client, createClient } from '@libsql/client/web'
import { createVault } from '#src/crypto'
import { createMediaCleaningJob } from '#src/jobs/media-cleaning'
import { createLog } from '#src/log'
import type { ObjectStore } from '#src/media/object-store'
import { openFile } from '#src/store/file'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createStores } from '#src/store/stores'
import { listed } from './object-stores'

const HOUR_MS = 3_600_000

/** A database by its address. */
export const openDatabase = (url: string): Client =>
  url.startsWith('file:') ? openFile(url.slice('file:'.length)) : createClient({ url })

/** What rows say is stored. */
const STORED = `SELECT name AS id, bytes, hash FROM media WHERE bytes IS NOT NULL
  UNION ALL SELECT id, bytes, hash FROM files ORDER BY id`

/** Rows whose objects are not there as they say. */
export async function broken(client: Client, objects: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for (const { id, bytes, hash } of (await client.execute(STORED)).rows) {
    const stream = await objects.open(String(id), 0, Number(bytes))
    const sum = new Bun.CryptoHasher('sha256')
    for await (const piece of stream ?? []) sum.update(piece)
    if (!stream || sum.digest('hex') !== hash) found.push(String(id))
  }
  return found
}

/** Clean up as if two hours had passed; gives what is there then, and what should be. */
export async function cleanedLater(client: Client, objects: ObjectStore) {
  const now = () => Date.now() + 2 * HOUR_MS
  const stores = createStores({ client, vault: createVault('a secret for tests'), now })
  const { job } = createMediaCleaningJob({
    store: stores.mediaCleaning,
    media: stores.media,
    files: stores.files,
    objects,
    settings: () => DEFAULT_SETTINGS,
    now,
    instance: () => 'later',
    log: createLog({ level: 'silent', write: () => {}, readable: false, now }),
  })
  let removed = 0
  await job.run(new AbortController().signal, (done) => (removed = done), true)
  const known = (await client.execute(STORED)).rows.map(({ id }) => ({
    id: String(id),
    whole: true,
  }))
  return { removed, there: await listed(objects), known }
}
