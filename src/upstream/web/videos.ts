import { isText, type Json } from '../../json-value'
import { remember } from './remember'
import type { Thoughts } from './thoughts'
import type { Voice } from './voice'

interface VideosParts {
  readonly voice: Voice
  readonly thoughts: Thoughts
  /** An address that may lack its beginning. */
  readonly assetUrl: (path: string) => string
  /** Told how far a video is. */
  readonly watch?: ((video: Pick<Video, 'progress' | 'state'>) => void) | undefined
}

/** A video in the making. */
export interface Video {
  readonly id: string
  readonly name: string
  progress: number
  title: string
  url: string | undefined
  poster: string | undefined
  state: 'making' | 'moderated' | 'told'
}

const MOST_VIDEOS = 16
const ONLY = 'video'

/** Follows the videos that an answer makes: each is shown once, when it is done. */
export function createVideos({ voice, thoughts, assetUrl, watch }: VideosParts) {
  const videos = new Map<string, Video>()

  function videoOf(id: string): Video {
    const known = videos.get(id)
    if (known) return known
    const name = videos.size === 0 ? 'Video' : `Video ${videos.size + 1}`
    const parts = { title: '', url: undefined, poster: undefined } as const
    const video: Video = { id, name, progress: 0, ...parts, state: 'making' }
    remember(videos, id, video, MOST_VIDEOS)
    return video
  }

  function show(video: Video) {
    const { id, title, url, poster } = video
    if (url === undefined || video.state !== 'making') return
    video.state = 'told'
    thoughts.pause()
    const event = { type: 'media', sort: 'video', url: assetUrl(url), title, id } as const
    voice.show(poster === undefined ? event : { ...event, poster: assetUrl(poster) })
  }

  return {
    /** What a frame tells of one video. */
    take(chunk: Json) {
      const video = videoOf(isText(chunk.videoId) ? chunk.videoId : ONLY)
      if (isText(chunk.videoPrompt)) video.title = chunk.videoPrompt
      if (isAddress(chunk.thumbnailImageUrl)) video.poster = chunk.thumbnailImageUrl
      if (isAddress(chunk.videoUrl)) video.url = chunk.videoUrl
      if (video.state !== 'making') return
      const { progress } = chunk
      if (chunk.moderated === true) {
        video.state = 'moderated'
        watch?.(video)
        return thoughts.note(`${video.name}: moderated`, { kind: 'line' })
      }
      if (typeof progress === 'number' && progress > video.progress) {
        video.progress = progress
        watch?.(video)
        thoughts.note(`${video.name}: ${progress} %`, { kind: 'line' })
      }
      if (video.progress >= 100) show(video)
    },

    /** No more will come: an address without its last progress is good. */
    end(): void {
      for (const video of videos.values()) show(video)
    },

    hasBegun: (): boolean => videos.size > 0,

    isModerated: (): boolean => videos.values().some(({ state }) => state === 'moderated'),

    isShown: (): boolean => videos.values().some(({ state }) => state === 'told'),
  }
}

const isAddress = (url: unknown): url is string => isText(url) && /[^/\s]/.test(url)
