import OpenAI from 'openai'
import { fakeXaiMedia } from '../fakes/xai-media'
import { gateway, KEY, keyed, xaiAt } from './gateway'
import { until } from './programs'

export const VIDEO_MODEL = 'grok-imagine-video'

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

/** A video as it comes over the wire. */
export interface WireVideo {
  readonly id: string
  readonly status: string
  readonly progress: number
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Asks a gateway for videos. */
export function videosAt(url: string, key = KEY) {
  const headers = { authorization: `Bearer ${key}` }
  const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
  const call = (method: string, path: string, body?: object) =>
    fetch(`${url}/v1${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  const get = async (id: string): Promise<WireVideo> =>
    (await call('GET', `/videos/${id}`)).json() as Promise<WireVideo>
  return {
    sdk,
    call,
    get,
    /** Ask for a video, which is taken on. */
    async create(body: object = {}): Promise<WireVideo> {
      const asked = { model: VIDEO_MODEL, prompt: 'Waves', ...body }
      const response = await call('POST', '/videos', asked)
      const answer = (await response.json()) as WireVideo
      if (response.status !== 200) throw new Error(JSON.stringify(answer))
      return answer
    },
    /** What is said of it; in xAI's words, once it is over. */
    shown: (id: string) =>
      until(async () => {
        const answer = await call('GET', `/videos/${id}`)
        return answer.status === 200 ? answer.json() : undefined
      }),
    /** Wait until it is over, or stands as it is to. */
    becomes: (id: string, status: string, patienceMs = 30_000): Promise<WireVideo> =>
      until(async () => {
        const video = await get(id)
        if (video.status === status) return video
        if (video.status === 'failed' || video.status === 'completed')
          throw new Error(`It is ${video.status}: ${JSON.stringify(video.error)}`)
        return
      }, patienceMs),
  }
}
