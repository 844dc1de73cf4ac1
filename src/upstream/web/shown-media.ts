import type { TurnEvent } from '../../turn/event'
import type { Picture } from './download'
import type { MediaEvent } from './voice'

/** How pictures and videos are to stand in an answer. */
interface ShowTerms {
  readonly dialect: 'chat' | 'responses'
  readonly imageFormat: 'url' | 'base64'
  readonly videoFormat: 'html' | 'url'
  readonly download: (url: string) => Promise<Picture | undefined>
}

/**
 * Says a picture or a video in text; to the Responses API also as the item of the tool that draws, with
 * the picture itself.
 */
export async function* showMedia(event: MediaEvent, terms: ShowTerms): AsyncGenerator<TurnEvent> {
  const { dialect, imageFormat, videoFormat, download } = terms
  const { sort, url, title } = event
  if (sort === 'video') {
    yield text(videoFormat === 'url' ? url : playerOf(event))
    return
  }
  if (dialect === 'responses') yield* drawn(event, download)
  const isWhole = dialect === 'chat' && imageFormat === 'base64'
  const picture = isWhole ? await download(url) : undefined
  const address = picture ? `data:${picture.mime};base64,${picture.base64}` : escapeUrl(url)
  yield text(`![${escapeTitle(title) || UNTITLED}](${address})`)
}

const UNTITLED = 'Generated picture'

const text = (text: string): TurnEvent => ({ type: 'text', choice: 0, text })

async function* drawn(
  { id, url }: MediaEvent,
  download: ShowTerms['download'],
): AsyncGenerator<TurnEvent> {
  const item = { type: 'image_generation_call', id, status: 'in_progress', result: null }
  yield { type: 'hosted', choice: 0, item, done: false }
  const picture = await download(url)
  const made = picture
    ? { ...item, status: 'completed', result: picture.base64 }
    : { ...item, status: 'failed' }
  yield { type: 'hosted', choice: 0, item: made, done: true }
}

const playerOf = ({ url, poster }: MediaEvent): string => {
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
