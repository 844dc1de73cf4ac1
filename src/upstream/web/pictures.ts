import { isObject, isText, type Json } from '../../json-value'
import { remember } from './remember'
import type { Thoughts } from './thoughts'
import type { Voice } from './voice'

interface PicturesParts {
  readonly voice: Voice
  readonly thoughts: Thoughts
  /** An address that may lack its beginning. */
  readonly assetUrl: (path: string) => string
  readonly newId: () => string
  readonly watch?: ((sign: PictureSign) => void) | undefined
}

/** What becomes of a picture, for those who want to know before it is said. */
export type PictureSign =
  | { readonly type: 'preview' | 'picture'; readonly id: string; readonly url: string }
  | { readonly type: 'moderated'; readonly id: string }

/** A picture in the making. */
interface Picture {
  readonly id: string
  /** Counts the pictures of the answer, from 0. */
  readonly place: number
  title: string
  progress: number
  url: string | undefined
  state: 'making' | 'ready' | 'moderated' | 'told'
}

const MOST_PICTURES = 64

/** Follows the pictures that an answer draws: each is shown once, in their order, when it is done. */
export function createPictures({ voice, thoughts, assetUrl, newId, watch }: PicturesParts) {
  const pictures = new Map<string, Picture>()
  const told = new Set<string>()
  /** The place of the first one that is neither shown nor refused. */
  let next = 0

  function pictureOf(id: string, index: unknown): Picture {
    const known = pictures.get(id)
    if (known) return known
    const taken = new Set([...pictures.values()].map(({ place }) => place))
    let place = typeof index === 'number' && index >= 0 && index < MOST_PICTURES ? index : 0
    while (taken.has(place)) place++
    const picture: Picture = { id, place, title: '', progress: 0, url: undefined, state: 'making' }
    remember(pictures, id, picture, MOST_PICTURES)
    return picture
  }

  function note(text: string) {
    thoughts.note(text, { kind: 'line' })
  }

  function show(url: string, { id, title }: Pick<Picture, 'id' | 'title'>) {
    const path = pathOf(url)
    if (told.has(path) || told.size >= MOST_PICTURES) return
    told.add(path)
    thoughts.pause()
    voice.show({ type: 'media', sort: 'image', url: assetUrl(url), title, id })
  }

  function tell(picture: Picture) {
    if (picture.state !== 'ready') return
    picture.state = 'told'
    if (picture.url !== undefined) show(picture.url, picture)
  }

  /** Show those that are ready, up to the first one that is not. */
  function release() {
    for (;;) {
      const picture = pictures.values().find(({ place }) => place === next)
      if (!picture || picture.state === 'making') return
      tell(picture)
      next++
    }
  }

  return {
    /** What a frame tells of one picture. */
    take(chunk: Json, card?: Json) {
      const url = isPicture(chunk.imageUrl) ? chunk.imageUrl : undefined
      const own = [chunk.imageId, chunk.imageUuid, card?.id, url && pathOf(url)].find(isText)
      const isTold = chunk.progress !== undefined || chunk.moderated === true
      const index = typeof chunk.imageIndex === 'number' ? chunk.imageIndex : 0
      const id = own ?? (isTold ? `picture ${index}` : undefined)
      if (id === undefined) return
      const picture = pictureOf(id, chunk.imageIndex)
      if (isText(chunk.imageTitle)) picture.title = chunk.imageTitle
      if (picture.state !== 'making') return
      if (chunk.moderated === true) {
        picture.state = 'moderated'
        watch?.({ type: 'moderated', id: picture.id })
        note(`Picture ${picture.place + 1}: moderated`)
        return release()
      }
      const { progress } = chunk
      if (typeof progress === 'number' && progress > picture.progress) {
        picture.progress = progress
        note(`Picture ${picture.place + 1}: ${progress} %`)
      }
      const isDone = chunk.isFinal === true || progress === undefined || picture.progress >= 100
      if (watch && isPath(chunk.imageUrl) && !(url && isDone))
        watch({ type: 'preview', id: picture.id, url: assetUrl(chunk.imageUrl) })
      if (url === undefined || !isDone) return
      picture.url = url
      picture.state = 'ready'
      watch?.({ type: 'picture', id: picture.id, url: assetUrl(url) })
      release()
    },

    /** The addresses of all pictures, in their order. */
    list(urls: unknown): void {
      if (!Array.isArray(urls)) return
      for (const url of urls.filter(isPicture)) {
        const path = pathOf(url)
        const known = pictures
          .values()
          .find((one) => pathOf(one.url ?? '') === path || path.includes(`/${one.id}/`))
        const isNew = !known || known.state === 'making'
        if (known) known.state = 'told'
        const { id, title } = known ?? { id: newId(), title: '' }
        if (isNew && !told.has(path)) watch?.({ type: 'picture', id, url: assetUrl(url) })
        show(url, { id, title })
      }
    },

    /** No more will come. */
    end(): void {
      const inOrder = [...pictures.values()].sort((a, b) => a.place - b.place)
      for (const picture of inOrder) tell(picture)
    },

    hasBegun: (): boolean => pictures.size > 0 || told.size > 0,

    isModerated: (): boolean => pictures.values().some(({ state }) => state === 'moderated'),
  }
}

/** An address that shows the picture and not a preview of it, nor nothing. */
const isPicture = (url: unknown): url is string => isPath(url) && !/-part-\d+\//.test(url)

const isPath = (url: unknown): url is string => isText(url) && /[^/\s]/.test(url)

/** What is the same in an address that is absolute and one that is not. */
const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]*/, '').replace(/^\/+/, '')

/** All that a frame tells of pictures. */
export function readPictures(frame: Json): readonly Json[] {
  const { streamingImageGenerationResponse: streamed, cachedImageGenerationResponse: cached } =
    frame
  const wrappers = [streamed, cached, frame.imageAttachmentInfo, frame.doImgGen].filter(isObject)
  return wrappers.flatMap((it) => [it, ...[it.streamingImageGenerationResponse].filter(isObject)])
}
