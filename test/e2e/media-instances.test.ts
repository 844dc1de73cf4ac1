import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { type FakeGrokWeb, fakeGrokWeb, jpeg, mp4 } from '../fakes/grok-web'
import type { AssetOptions } from '../fakes/grok-web/library'
import { emptyFolder, startGroxy } from '../support/executable'
import { KEY } from '../support/gateway'
import { INSTANCE_ENV } from '../support/instances'
import { filmAt, putting } from '../support/media-answers'
import { mediaMachine } from '../support/media-machine'
import { TEST_SECRET } from '../support/pool'
import { groxy, until } from '../support/programs'
import { isWithoutSqld, type Sqld, sqld } from '../support/sqld'
import { tell } from '../support/web-ways'

const FILM = mp4('waves', 600_000)
const VIDEO = 'grok-imagine-1.0-video'

type Program = Awaited<ReturnType<typeof startGroxy>>

const envOf = (database: string, grok: FakeGrokWeb) => ({
  DATABASE_URL: database,
  ...INSTANCE_ENV,
  WEB_ASSETS_URL: grok.assetsUrl,
})

/** Make a database with one session of the fake, and videos told by their addresses. */
async function prepare(database: string, grok: FakeGrokWeb): Promise<void> {
  await groxy(['migrate'], { DATABASE_URL: database, GROXY_SECRET: TEST_SECRET })
  const isFile = database.startsWith('file:')
  const client = isFile ? openFile(database.slice('file:'.length)) : openRemote(database)
  const stores = createStores({ client, vault: createVault(TEST_SECRET), now: Date.now })
  const secret = grok.account('one').sso
  await stores.accounts.add({ kind: 'web', name: 'one', baseUrl: grok.url, secret })
  await stores.settings.set('video_format', 'url')
  client.close()
}

/** Have a video made that is at its upstream like this; gives the path of its address. */
async function filmed({ url }: Program, grok: FakeGrokWeb, asset: AssetOptions): Promise<string> {
  grok.script(filmAt(putting(grok, 'one', asset)))
  const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0 })
  const { text } = await tell(sdk, 'a chat', { model: VIDEO, text: 'Waves' })
  const address = /http\S+\/videos\/\S+/.exec(text)?.[0] ?? ''
  expect(address).toStartWith(`${url}/videos/`)
  return new URL(address).pathname
}

const assets = (grok: FakeGrokWeb) => grok.callsOf({ endpoint: 'asset' })

describe.skipIf(isWithoutSqld)('two instances over one database', () => {
  let database: Sqld
  let grok: FakeGrokWeb
  beforeAll(async () => {
    database = await sqld()
    grok = fakeGrokWeb()
    await prepare(database.url, grok)
  }, 60_000)
  afterAll(async () => {
    await grok?.stop()
    await database?.[Symbol.asyncDispose]()
  })

  test('fetch a video once for 50 readers at each, and both have it', async () => {
    await using one = await startGroxy(emptyFolder(), envOf(database.url, grok))
    await using two = await startGroxy(emptyFolder(), envOf(database.url, grok))
    grok.forget()
    const path = await filmed(one, grok, { bytes: FILM, gapMs: 20 })
    const readers = Array.from({ length: 100 }, async (_, at) =>
      (await fetch((at % 2 === 0 ? one : two).url + path)).bytes(),
    )
    for (const bytes of await Promise.all(readers)) expect(Bun.deepEquals(bytes, FILM)).toBe(true)
    expect(assets(grok)).toHaveLength(1)
    const part = await fetch(two.url + path, { headers: { range: 'bytes=-9' } })
    expect(await part.bytes()).toEqual(FILM.subarray(-9))
  }, 60_000)

  test('take over from each other when one is killed in the middle', async () => {
    await using one = await startGroxy(emptyFolder(), envOf(database.url, grok))
    await using two = await startGroxy(emptyFolder(), envOf(database.url, grok))
    grok.forget()
    const path = await filmed(one, grok, { bytes: FILM, gapMs: 200 })
    const lost = fetch(one.url + path)
      .then((response) => response.bytes())
      .catch(() => 'cut')
    await until(() => assets(grok)[0]?.firstByteAt ?? undefined)
    const waiting = fetch(two.url + path)
    await Bun.sleep(300)
    one.signal('SIGKILL')
    expect(await lost).toBe('cut')
    const asset = grok.asset(assets(grok)[0]?.path ?? '')
    if (asset) asset.gapMs = 0
    expect(Bun.deepEquals(await (await waiting).bytes(), FILM)).toBe(true)
    expect(assets(grok)).toHaveLength(2)
  }, 60_000)

  test('show and use what was made or brought at the other', async () => {
    await using own = await sqld()
    await using world = await mediaMachine({ database: own.url, xai: ['one'] })
    await using one = await world.start()
    await using two = await world.start()
    const asked = { model: 'grok-imagine-image', prompt: 'A fern', response_format: 'url' } as const
    const { data } = await one.sdk.images.generate(asked)
    const { pathname } = new URL(data?.[0]?.url ?? '')
    const [made] = world.xai.allMedia()
    await until(async () => (await fetch(one.url + pathname)).headers.get('etag') ?? undefined)
    if (!made) throw new Error('Nothing was made.')
    made.manner = { status: 404 }
    expect(await (await fetch(two.url + pathname)).bytes()).toEqual(
      made.source.read(0, made.source.size),
    )
    expect(made.fetches).toBe(1)
    const bytes = jpeg('a cat', 2_000_000)
    const file = new File([bytes], 'a.jpg')
    const { id } = await one.sdk.files.create({ file, purpose: 'vision' })
    expect(await (await two.sdk.files.content(id)).bytes()).toEqual(bytes)
    const body = { ...asked, images: [{ file_id: id }] }
    expect(await two.sdk.post('/images/edits', { body })).toMatchObject({ data: [{}] })
    expect(world.xai.callsOf('images.edits')[0]?.pictures.map((picture) => picture.bytes)).toEqual([
      bytes,
    ])
    await two.sdk.files.delete(id)
    expect(await one.sdk.files.retrieve(id).catch(({ status }) => status)).toBe(404)
  }, 60_000)
})
