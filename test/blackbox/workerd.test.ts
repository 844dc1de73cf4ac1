import { describe } from 'bun:test'
import { groxy } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'
import { builtWorker, workerd } from '../support/workerd'
import { blackbox } from './suite'
import { environmentOf } from './world'

/** Between one tick of the clock and the next; at Cloudflare a minute. */
const TICK_MS = 2_000

describe.skipIf(isWithoutSqld)('Workers', () =>
  blackbox('workerd, over a libSQL server', async (fakes) => {
    const stack = new AsyncDisposableStack()
    const database = stack.use(await sqld())
    const build = stack.use(await builtWorker())
    const env = { ...environmentOf(fakes), DATABASE_URL: database.url }
    await groxy(['migrate'], { DATABASE_URL: env.DATABASE_URL, GROXY_SECRET: env.GROXY_SECRET })
    const worker = stack.use(await workerd(build.outdir, env))
    // As the cron trigger of a deployment.
    const timer = setInterval(() => void worker.tick().catch(() => 'gone'), TICK_MS)
    stack.defer(() => clearInterval(timer))
    return { url: worker.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }),
)
