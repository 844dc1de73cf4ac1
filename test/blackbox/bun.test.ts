import { join } from 'node:path'
import { freePort, scratch, startProgram } from '../support/programs'
import { blackbox } from './suite'
import { environmentOf } from './world'

blackbox('source on Bun, over a file', async (fakes) => {
  const stack = new AsyncDisposableStack()
  const { path } = stack.use(await scratch('source'))
  const port = freePort()
  const program = stack.use(
    await startProgram({
      command: [process.execPath, 'src/main.ts'],
      port,
      path: '/health',
      env: {
        ...environmentOf(fakes),
        PORT: String(port),
        DATABASE_URL: `file:${join(path, 'groxy.db')}`,
      },
    }),
  )
  return { url: program.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})
