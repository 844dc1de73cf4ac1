import OpenAI from 'openai'
import { KEY } from './key'
import { until } from './programs'

export const VIDEO_MODEL = 'grok-imagine-video'

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
