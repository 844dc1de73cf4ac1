import { describe, expect, test } from 'bun:test'
import { ApiError } from '#src/errors'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { until } from '../support/programs'
import {
  allPages,
  answer,
  ask,
  chain,
  chainTexts,
  databases,
  saidAt,
  textsOf,
  turn,
} from '../support/said'
import { isWithoutSqld, sqld } from '../support/sqld'

const CHAINS = 500
const TURNS = 20
const LONG = 180_000

/** A database that has too much to do says so after ten seconds, and to come back. */
async function patiently<T>(look: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await look()
    } catch (cause) {
      if (!(cause instanceof ApiError && cause.code === 'not_ready')) throw cause
      await Bun.sleep(1_000)
    }
}

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`many at once, ${where}`, () => {
    test(
      `${CHAINS} chains of ${TURNS} turns in parallel are exact and in order`,
      async () => {
        await using database = await make()
        const it = saidAt(database.open())
        const began = performance.now()
        await Promise.all(
          Array.from({ length: CHAINS }, async (_, number) => {
            const name = `c${number}-`
            for (let at = 1; at <= TURNS; at++) {
              const previousId = at === 1 ? null : `${name}${at - 1}`
              const context =
                previousId && (await patiently(() => it.responses.context('k', previousId)))
              // What the model would answer from: it has to be everything, at every turn.
              if (context) expect(context.items).toHaveLength(2 * (at - 1))
              it.responses.save(turn(`${name}${at}`, { previousId }))
              await Bun.sleep(Math.random() * 3)
            }
          }),
        )
        const answered = performance.now()
        await it.flush()
        expect(it.waiting()).toBe(0)
        console.log(`written ${(performance.now() - answered).toFixed(0)} ms later`)
        console.log(`${CHAINS} x ${TURNS} ${where}: ${(performance.now() - began).toFixed(0)} ms`)
        expect([it.dropped(), it.lines.filter((line) => line.includes('said_lost'))]).toEqual([
          0,
          [],
        ])
        const reader = saidAt(database.open())
        for (let number = 0; number < CHAINS; number++) {
          const read = (after: string | undefined) =>
            reader.responses.inputItems('k', `c${number}-${TURNS}`, {
              order: 'asc',
              after,
              limit: 30,
            })
          const texts = textsOf(await allPages(read))
          expect(texts).toEqual(chainTexts(`c${number}-`, TURNS).slice(0, -1))
        }
        const rows = await reader.one('SELECT count(*) FROM item_bodies')
        expect(rows).toBe(CHAINS * TURNS * 2 + 1)
      },
      LONG,
    )
  })

describe.skipIf(isWithoutSqld)('while the libSQL server is away', () => {
  test('nothing is lost, and chains go on from memory', async () => {
    await using server = await sqld()
    const client = openRemote(server.url)
    await migrate(client)
    const it = saidAt(client)
    await chain(it, 'away', 2)
    await server.kill()
    const { id } = turn('new1').response
    it.responses.save(turn(id))
    it.responses.save(turn('new2', { previousId: id, conversation: null }))
    const context = await it.responses.context('k', 'new2')
    expect(textsOf(context?.items)).toEqual(chainTexts('new', 2))
    expect((await it.responses.get('k', 'new2'))?.output).toEqual([answer('answer new2')])
    await it.flush()
    expect(it.waiting()).toBe(2)
    expect(it.lines.join('\n')).toContain('said_waits')
    await expect(it.responses.context('k', 'away2')).rejects.toMatchObject({ status: 503 })
    await server.restart()
    // Nobody says so: it tries again by itself.
    await until(() => it.waiting() === 0 || undefined)
    const reader = saidAt(openRemote(server.url))
    expect((await reader.responses.context('k', 'new2'))?.items).toEqual(context?.items as never)
    expect(textsOf((await reader.responses.context('k', 'away2'))?.items)).toEqual(
      chainTexts('away', 2),
    )
  }, 60_000)

  test('a write whose answer is lost adds nothing to a conversation twice', async () => {
    await using server = await sqld()
    const client = openRemote(server.url)
    await migrate(client)
    const it = saidAt(client)
    const { id } = await it.conversations.create('k', {}, [ask('hello')])
    let losesAnswers = true
    const batch = client.batch.bind(client)
    client.batch = async (...parts) => {
      const results = await batch(...parts)
      if (losesAnswers) throw new Error('The connection was cut.')
      return results
    }
    it.responses.save(turn('cut1', { conversation: { id, end: 1 } }))
    it.responses.save(turn('cut2', { conversation: { id, end: 3 } }))
    it.conversations.append('k', id, [ask('unstored'), answer('unstored')])
    await it.flush()
    await it.flush()
    losesAnswers = false
    await it.flush()
    const context = await it.conversations.context('k', id)
    const unstored = ['unstored', 'unstored']
    expect(textsOf(context?.items)).toEqual(['hello', ...chainTexts('cut', 2), ...unstored])
  }, 60_000)
})
