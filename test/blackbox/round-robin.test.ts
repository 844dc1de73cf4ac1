import { describe } from 'bun:test'
import { emptyFolder, startGroxy } from '../support/executable'
import { roundRobin } from '../support/round-robin'
import { isWithoutSqld, sqld } from '../support/sqld'
import { blackbox } from './suite'
import { environmentOf } from './world'

describe.skipIf(isWithoutSqld)('many instances', () =>
  blackbox('two executables behind a round-robin, over a libSQL server', async (fakes) => {
    const stack = new AsyncDisposableStack()
    const database = stack.use(await sqld())
    const env = { ...environmentOf(fakes), DATABASE_URL: database.url }
    // The first one makes the tables.
    const one = stack.use(await startGroxy(emptyFolder(), env))
    const two = stack.use(await startGroxy(emptyFolder(), env))
    const { url } = stack.use(await roundRobin([one, two]))
    return { url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }),
)
