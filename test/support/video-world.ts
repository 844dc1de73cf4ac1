import { fakeXaiMedia } from '../fakes/xai-media'
import { gateway, keyed, xaiAt } from './gateway'
import { until } from './programs'
import { videosAt } from './videos-http'

export { VIDEO_MODEL, videosAt } from './videos-http'

interface Options {
  readonly settings?: Record<string, unknown>
  readonly path?: string
  readonly now?: () => number
}

/** A gateway in front of a fake of xAI that makes videos, with the SDK before it. */
export async function videoWorld({ settings = {}, path, now }: Options = {}) {
  await using stack = new AsyncDisposableStack()
  const xai = stack.use(fakeXaiMedia())
  const open = () =>
    gateway({
      env: xaiAt(xai.url),
      settings,
      reachable: (address) => address === '127.0.0.1',
      ...(path !== undefined && { path }),
      ...(now && { now }),
    })
  const gate = stack.use(await open())
  // Else the end would wait for videos that are never done.
  stack.defer(() => gate.app.drain())
  const rows = async (sql: string) => (await gate.client.execute(sql)).rows
  const kept = stack.move()
  return {
    ...{ gate, xai },
    ...videosAt(gate.url),
    /** Another gateway over the same database. */
    async heir() {
      const heir = await open()
      const { [Symbol.asyncDispose]: dispose } = heir
      return {
        ...{ gate: heir, ...videosAt(heir.url) },
        async [Symbol.asyncDispose]() {
          heir.app.drain()
          await dispose()
        },
      }
    },
    /** What a key with limits asks with. */
    async keyed(limits: Parameters<typeof keyed>[1]) {
      const { id, headers } = await keyed(gate, limits)
      const key = headers.authorization.slice('Bearer '.length)
      return { keyId: id, key, ...videosAt(gate.url, key) }
    },
    rows,
    /** Wait until xAI has begun one. */
    accepted: () =>
      until(async () => (await rows('SELECT id FROM videos WHERE upstream_id IS NOT NULL'))[0]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type VideoWorld = Awaited<ReturnType<typeof videoWorld>>
