import type { Shown } from '../../media/published'
import type { TurnEvent } from '../../turn/event'
import type { Picture } from './download'
import type { MediaEvent } from './voice'

/** How pictures and videos are to stand in an answer. */
interface ShowTerms {
  readonly dialect: 'chat' | 'responses'
  readonly imageFormat: 'url' | 'base64'
  readonly videoFormat: 'html' | 'url'
  /** Gives an address that everyone can open to one that takes the session's cookies. */
  readonly publish: (sort: MediaEvent['sort'], url: string) => Promise<Shown>
  /** Undefined where it cannot be had. */
  readonly read: (shown: Shown) => Promise<Picture | undefined>
}

/**
 * Says a picture or a video in text; to the Responses API also as the item of the tool that draws, with
 * the picture itself.
 */
export async function* showMedia(event: MediaEvent, terms: ShowTerms): AsyncGenerator<TurnEvent> {
  const { dialect, imageFormat, videoFormat, publish, read } = terms
  const { sort, title, poster } = event
  const shown = await publish(sort, event.url)
  const { url } = shown
  if (sort === 'video') {
    if (videoFormat === 'url') return yield text(url)
    const still = poster === undefined ? undefined : await publish('image', poster)
    return yield text(playerOf(url, still?.url))
  }
  if (dialect === 'responses') yield* drawn(event, () => read(shown))
  const isWhole = dialect === 'chat' && imageFormat === 'base64'
  const picture = isWhole ? await read(shown) : undefined
  const address = picture ? `data:${picture.mime};base64,${picture.base64}` : escapeUrl(url)
  yield text(`![${escapeTitle(title) || UNTITLED}](${address})`)
}

const UNTITLED = 'Generated picture'

const text = (text: string): TurnEvent => ({ type: 'text', choice: 0, text })

async function* drawn(
  { id }: MediaEvent,
  read: () => Promise<Picture | undefined>,
): AsyncGenerator<TurnEvent> {
  const item = { type: 'image_generation_call', id, status: 'in_progress', result: null }
  yield { type: 'hosted', choice: 0, item, done: false }
  const picture = await read()
  const made = picture
    ? { ...item, status: 'completed', result: picture.base64 }
    : { ...item, status: 'failed' }
  yield { type: 'hosted', choice: 0, item: made, done: true }
}

const playerOf = (url: string, poster: string | undefined): string => {
  const shown = poster ? ` poster="${escapeHtml(poster)}"` : ''
  return `<video controls preload="none"${shown}><source src="${escapeHtml(url)}" type="video/mp4"></video>`
}

const escapeHtml = (value: string): string =>
  value.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

/** What would end the address of a Markdown picture. */
const escapeUrl = (url: string): string =>
  url.replaceAll(/[\s()<>"\\]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

const escapeTitle = (title: string): string =>
  title.replaceAll(/\s+/g, ' ').replaceAll(/[[\]\\]/g, '\\$&')
