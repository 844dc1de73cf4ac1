import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { builtWorker, workerd } from '../support/workerd'

/** What Cloudflare allows the start of a script. */
const ALLOWED_MS = 1_000
/** Programs count in ticks of the clock, of which Linux has a hundred a second. */
const TICK_MS = 10

// A busy machine makes it later, but it takes no more of a processor.
describe.skipIf(process.platform !== 'linux')('the start of a Worker', () => {
  let build: Awaited<ReturnType<typeof builtWorker>>
  beforeAll(async () => {
    build = await builtWorker()
  }, 120_000)
  afterAll(() => build?.[Symbol.asyncDispose]())

  test('takes less of a processor than Cloudflare allows, with the runtime and the first answer', async () => {
    const env = { DATABASE_URL: 'http://127.0.0.1:1', GROXY_SECRET: 'a secret for tests' }
    const taken: number[] = []
    for (let start = 0; start < 3; start++) {
      await using worker = await workerd(build.outdir, env)
      expect((await fetch(`${worker.url}/health`)).status).toBe(200)
      taken.push(await processorMs(worker.pid))
    }
    expect(Math.min(...taken)).toBeGreaterThan(0)
    expect(Math.min(...taken)).toBeLessThan(ALLOWED_MS)
  }, 60_000)
})

/** How long a process and its threads had a processor. */
async function processorMs(pid: number): Promise<number> {
  const [, fields = ''] = (await Bun.file(`/proc/${pid}/stat`).text()).split(') ')
  const [user, system] = fields.split(' ').slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}
