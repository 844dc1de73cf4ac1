import { join } from 'node:path'
import { scratch, startSource } from '../support/programs'
import { blackbox } from './suite'
import { environmentOf } from './world'

blackbox('source on Bun, over a file', async (fakes) => {
  const stack = new AsyncDisposableStack()
  const { path } = stack.use(await scratch('source'))
  const env = { ...environmentOf(fakes), DATABASE_URL: `file:${join(path, 'groxy.db')}` }
  const program = stack.use(await startSource(env))
  return { url: program.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})
