import { expect, test } from 'bun:test'
import { readdir, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createDirectory } from '#src/media/directory'
import { draws, films } from '../fakes/grok-web'
import { png } from '../fakes/media/pictures'
import { broken } from '../support/kept-media'
import { type Machine, type MediaMachine, mediaMachine } from '../support/media-machine'
import { inParallel } from '../support/pool'
import { until } from '../support/programs'

// kill -9 of the real executable while pictures, videos and files come and go: nothing is half there, nothing
// is forgotten, and nobody is asked for more than can be explained.

const KILLS = 20
/** What has brought down so many instances is not begun again. */
const MOST_TRIES = 3
/** The dead would be waited for half a minute. */
const WAIT_NO_LONGER = 'UPDATE videos SET lease_until = 1 WHERE lease_until > 0'
const HOUR_MS = 3_600_000
const LONG = 180_000

/** Numbers from 0 to 1 that are the same for a seed (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const WEB = ['one', 'two', 'three'].map(
  (name) => ({ name, tier: 'heavy', quota: 100_000 }) as const,
)

/** Everything that clients do, each again and again, until the machine is gone. */
function traffic(it: Machine, random: () => number, next: () => string, told: Set<string>) {
  let isOver = false
  const signal = new AbortController()
  const post = (path: string, body: object) =>
    it.call(path, {
      ...{ method: 'POST', body: JSON.stringify(body), signal: signal.signal },
      headers: { 'content-type': 'application/json' },
    })
  const again = async (pauseMs: number, act: () => Promise<unknown>) => {
    while (!isOver) {
      await act().catch(() => {})
      await Bun.sleep(pauseMs)
    }
  }
  const drain = async (answer: Response) => void (await answer.bytes())
  const draw = async (body: object) => {
    const answer = await post('/v1/images/generations', { ...body, response_format: 'url' })
    const { data = [] } = (await answer.json()) as { data?: { url: string }[] }
    for (const { url } of data) told.add(new URL(url).pathname)
    await Promise.all(
      data.map(async ({ url }) => drain(await fetch(url, { signal: signal.signal }))),
    )
  }
  const film = async (model: string) => {
    const image = `data:image/png;base64,${png(next(), 20_000).toBase64()}`
    const answer = await post('/v1/videos', { model, prompt: `film ${next()};`, image })
    const { id } = (await answer.json()) as { id: string }
    if (random() < 0.2)
      await it.call(`/v1/videos/${id}`, { method: 'DELETE', signal: signal.signal })
  }
  const upload = async () => {
    const form = new FormData()
    form.set('purpose', 'user_data')
    form.set('file', new File([new Uint8Array(10_000 + random() * 2_000_000)], 'a.bin'))
    const answer = await it.call('/v1/files', { method: 'POST', body: form, signal: signal.signal })
    const { id } = (await answer.json()) as { id: string }
    if (random() < 0.3)
      await it.call(`/v1/files/${id}`, { method: 'DELETE', signal: signal.signal })
  }
  const chat = async () =>
    drain(
      await post('/v1/chat/completions', {
        model: 'grok-imagine-1.0',
        messages: [{ role: 'user', content: `chat ${next()};` }],
      }),
    )
  const clients = [
    again(20, () => draw({ model: 'grok-imagine-image', n: 2, prompt: `draw ${next()};` })),
    again(20, chat),
    again(10, upload),
    again(10, upload),
    again(400, () => film('grok-imagine-video')),
    again(400, () => film('grok-imagine-1.0-video')),
  ]
  return {
    async stop() {
      isOver = true
      signal.abort()
      await Promise.all(clients)
    },
  }
}

/** How often each prompt was said to an upstream in calls of a kind. */
function asked(
  texts: readonly string[],
  kind: 'draw' | 'chat' | 'film',
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) {
    const prompt = new RegExp(`${kind} \\d+;`).exec(text)?.[0]
    if (prompt !== undefined) counts.set(prompt, (counts.get(prompt) ?? 0) + 1)
  }
  return counts
}

const textsOf = ({ xai, grok }: MediaMachine): readonly string[] => [
  ...xai.callsOf('images.generations').map(({ body }) => String(body.prompt)),
  ...xai.callsOf('videos.generations').map(({ body }) => String(body.prompt)),
  ...grok.chats().map(({ body }) => String((body as { message?: unknown }).message)),
]

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** Have every video that was left behind made, and give them. */
async function ended(world: MediaMachine) {
  await using it = await world.start({ LOG_LEVEL: 'error' })
  await world.client.execute(WAIT_NO_LONGER)
  const videos = await until(async () => {
    const rows = await world.rows('SELECT status, tries, error, request, model FROM videos')
    const isOver = rows.every(({ status }) => status === 'completed' || status === 'failed')
    return isOver ? rows : undefined
  }, 60_000)
  it.signal('SIGTERM')
  expect(await it.exited).toBe(0)
  return videos
}

/** Have the cleaner run, as if two hours had passed since all the kills. */
async function cleaned(world: MediaMachine): Promise<Machine> {
  const then = (Date.now() - 2 * HOUR_MS) / 1000
  for (const path of await filesIn(world.mediaFolder)) await utimes(path, then, then)
  await world.client.execute('UPDATE media SET fetch_until = 1 WHERE fetch_until > 0')
  await world.client.execute('UPDATE jobs SET expires_at = 1')
  const it = await world.start({ LOG_LEVEL: 'error' })
  const { code, stderr } = await world.command('jobs', 'run', 'media')
  expect([code, stderr]).toEqual([0, ''])
  await until(async () => {
    const [row] = await world.rows(
      "SELECT finished_at AS at, wanted FROM jobs WHERE name = 'media'",
    )
    return (row?.at && !row.wanted) || undefined
  }, 60_000)
  return it
}

test(
  'whenever it is killed, what is kept is whole, videos end, and nothing else stays',
  async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    console.info(`SEED=${seed}`)
    const random = numbersOf(seed)
    let prompts = 0
    const next = () => String(++prompts)
    const told = new Set<string>()
    await using world = await mediaMachine({ xai: ['one', 'two'], web: WEB })
    world.xai.alwaysDraws({ size: 200_000, manner: { gapMs: 3 } })
    world.xai.alwaysFilms({ pollsUntilDone: 1, size: 1_500_000, manner: { gapMs: 3 } })
    world.grok.script(draws({ size: 200_000 }), { when: ({ work }) => work !== 'video' })
    world.grok.script(films({ size: 1_500_000, gapMs: 40 }), {
      when: ({ work }) => work === 'video',
    })
    const objects = createDirectory(world.mediaFolder)
    for (let kill = 0; kill < KILLS; kill++) {
      await using it = await world.start({ LOG_LEVEL: 'error' })
      const clients = traffic(it, random, next, told)
      await Bun.sleep(100 + random() * 900)
      it.signal('SIGKILL')
      await it.exited
      await clients.stop()
      expect(await broken(world.client, objects)).toEqual([])
      if (random() < 0.25) await world.client.execute(WAIT_NO_LONGER)
    }
    const left = await world.rows(
      "SELECT count(*) AS count FROM videos WHERE status NOT IN ('completed', 'failed')",
    )
    const videos = await ended(world)
    await using it = await cleaned(world)

    expect(await broken(world.client, objects)).toEqual([])
    const known = await world.rows(
      'SELECT name AS id FROM media WHERE bytes IS NOT NULL UNION ALL SELECT id FROM files',
    )
    const there = (await filesIn(world.mediaFolder)).map((path) => basename(path))
    expect(there.toSorted()).toEqual(known.map(({ id }) => String(id)).toSorted())
    // Pictures of a video whose row was never written go by themselves.
    const inputs = await world.rows("SELECT expires_at AS at FROM files WHERE key_id = ''")
    for (const { at } of inputs)
      expect(Number(at)).toBeWithin(Date.now(), Date.now() + 72 * HOUR_MS)
    expect(inputs.length).toBeLessThan(KILLS)

    // Whatever became of its bytes.
    await inParallel(20, told, async (path) => {
      const { status } = await fetch(it.url + path, { method: 'HEAD' })
      expect([path, status]).toEqual([path, 200])
    })

    const texts = textsOf(world)
    for (const kind of ['draw', 'chat'] as const)
      for (const [prompt, times] of asked(texts, kind)) expect([prompt, times]).toEqual([prompt, 1])
    const tries = new Map(
      videos.map(({ request, tries }) => [
        /film \d+;/.exec(String(request))?.[0] ?? '',
        Number(tries),
      ]),
    )
    const filmed = asked(texts, 'film')
    for (const [prompt, times] of filmed) {
      expect(times).toBeWithin(1, MOST_TRIES + 1)
      // What its client has deleted has no row any more.
      if (tries.has(prompt)) expect(times).toBeLessThanOrEqual(tries.get(prompt) ?? 0)
    }

    const outcomes = Map.groupBy(videos, ({ status, model }) => `${model} ${status}`)
    console.info(
      `${KILLS} kills: ${left[0]?.count} videos left behind, ${there.length} objects, ${prompts} prompts, ${told.size} addresses told;`,
      Object.fromEntries([...outcomes].map(([how, rows]) => [how, rows.length])),
      `more than once: ${[...filmed.values()].filter((times) => times > 1).length}`,
    )
    for (const { error } of videos) if (error) expect(String(error)).toContain('in vain')
    expect(outcomes.get('grok-imagine-video completed')?.length).toBeGreaterThan(KILLS / 4)
    expect(world.grok.complaints()).toEqual([])
  },
  LONG,
)
