import { join } from 'node:path'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { adminWorld } from './admin'
import { scratch } from './programs'
import { isWithoutSqld, sqld } from './sqld'

type Env = Readonly<Record<string, string>>

/** Where the database of two instances may be. */
export const PLACES = isWithoutSqld
  ? (['a file'] as const)
  : (['a file', 'a libSQL server'] as const)

/** Two gateways over one database, each with an operator who is logged in. */
export async function twoInstances(place: (typeof PLACES)[number], env: Env = {}) {
  const stack = new AsyncDisposableStack()
  const open = await opener(place, stack)
  const start = async () => {
    const client = open()
    stack.defer(() => client.close())
    return stack.use(await adminWorld({ client, env: { ...env } }))
  }
  const one = await start()
  const two = await start()
  return { one, two, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

export type Instance = Awaited<ReturnType<typeof adminWorld>>

async function opener(place: (typeof PLACES)[number], stack: AsyncDisposableStack) {
  if (place === 'a libSQL server') {
    const { url } = stack.use(await sqld())
    return () => openRemote(url)
  }
  const { path } = stack.use(await scratch('two'))
  return () => openFile(join(path, 'groxy.db'))
}
