import { openRemote } from '#src/store/remote'
import { isWithoutSqld, sqld } from './sqld'

/** The databases that Groxy runs on: a file in this process, and a libSQL server. */
export const DATABASES = isWithoutSqld ? (['file'] as const) : (['file', 'libSQL server'] as const)

/** What opens a gateway over an empty database of a kind. */
export async function emptyDatabase(kind: (typeof DATABASES)[number]) {
  if (kind === 'file') return { options: {}, [Symbol.asyncDispose]: () => Promise.resolve() }
  const server = await sqld()
  return {
    options: { client: openRemote(server.url) },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  }
}
