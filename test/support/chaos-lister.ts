const ENDED = { status: 401 }

/** What a refused key is told. */
const refusal = () =>
  Response.json({ error: { message: 'No such key.', code: 'invalid_api_key' } }, ENDED)

/** One question for a list of models. */
interface Listing {
  /** The key that it came with. */
  readonly key: string
  readonly at: number
}

/** The lists are held for so long, which is less than who asks waits. */
const HELD_MS = 8_000
/** Long enough for all instances to hear of a suspicion while one asks about it. */
const REFUSED_MS = 5_000

/**
 * OpenAI-compatible servers at many addresses, that count who asks for their models: who is called
 * `refused` is refused, and the lists of those called `held` come late while they are held.
 */
export function fakeLister() {
  const listings: Listing[] = []
  let isHeld = false
  let release = Promise.withResolvers<void>()
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', idleTimeout: 0 },
    async fetch(request) {
      const key = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
      const isList = new URL(request.url).pathname.endsWith('/models')
      if (isList) listings.push({ key, at: Date.now() })
      if (key.includes('refused')) {
        if (isList) await Bun.sleep(REFUSED_MS)
        return refusal()
      }
      if (!isList) return Response.json({ error: { message: 'Nothing is here.' } }, { status: 404 })
      if (isHeld && key.includes('held')) await Promise.race([Bun.sleep(HELD_MS), release.promise])
      return Response.json({ object: 'list', data: [{ id: 'listed', object: 'model' }] })
    },
  })
  return {
    /** The base URL of one of its servers. */
    urlOf: (name: string): string => `http://127.0.0.1:${server.port}/${name}/v1`,
    listings,
    /** How often each key asked that has a word in it, between two times. */
    countsOf(word: string, from = 0, to = Number.POSITIVE_INFINITY): ReadonlyMap<string, number> {
      const counts = new Map<string, number>()
      for (const { key, at } of listings)
        if (key.includes(word) && at >= from && at < to) counts.set(key, (counts.get(key) ?? 0) + 1)
      return counts
    },
    hold(): void {
      isHeld = true
      release = Promise.withResolvers()
    },
    release(): void {
      isHeld = false
      release.resolve()
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
