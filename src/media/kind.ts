import { ApiError } from '../errors'
import { type Content, sniff } from '../stream/sniff'

/** What a picture or a video is, as its bytes tell. */
export interface MediaKind {
  readonly sort: 'image' | 'video'
  readonly mime: string
  readonly extension: string
}

/** So much of the beginning tells what it is. */
export const TELLING_BYTES = 512

/** Pictures that browsers show and that hold nothing to be run. */
const PICTURES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
])

/**
 * Find out what bytes are, whatever anybody calls them.
 *
 * @throws ApiError when they are neither a picture nor a video that can be kept
 */
export function mediaKind(head: Uint8Array): MediaKind {
  const found = sniff(head)
  if (found && isMedia(found)) return found
  throw new ApiError(
    'media_unavailable',
    head.length === 0
      ? 'Nothing came: it is empty.'
      : `What came is neither a picture nor a video, but ${found?.mime ?? 'of an unknown kind'}.`,
  )
}

const isMedia = (found: Content): found is Content & MediaKind =>
  found.sort === 'video' || PICTURES.has(found.mime)

const EXTENSIONS = {
  image: { usual: 'jpg', known: /\.(jpg|jpeg|png|gif|webp|avif)$/i },
  video: { usual: 'mp4', known: /\.(mp4|webm|mov|mkv)$/i },
} as const

/** What the name of something ends with that nobody has seen yet, by its address. */
export function extensionOf(sort: MediaKind['sort'], url: string): string {
  const { usual, known } = EXTENSIONS[sort]
  return known.exec(URL.parse(url)?.pathname ?? '')?.[1]?.toLowerCase() ?? usual
}

/** The name of a picture or a video: nobody guesses 128 random bits. */
export const isMediaName = (text: string): boolean => /^[\da-f]{32}\.[a-z\d]{2,4}$/.test(text)
