import { UpstreamFault, unable } from '../../errors'
import type { Account } from '../../pool/account'
import type { Settings } from '../../store/settings'
import type { PictureEvent, PictureRequest, PictureUsageEvent } from '../../turn/picture'
import type { Tokenizer } from '../../turn/tokenizer'
import { NO_PICTURE } from '../fault'
import type { DrawCall, Upstream } from '../upstream'
import { attachPicture } from './attachments'
import { createWebDecoder } from './decoder'
import { createDrawing, type Drawing } from './drawing'
import { editPictures } from './edit'
import { imagine } from './imagine'
import { WEB_MODELS, type WebModel } from './models'
import type { PictureSign } from './pictures'
import { nearestRatio } from './ratio'
import { NEW_CONVERSATION, openingBody } from './request'
import { said } from './said'
import type { Session } from './session'
import { DRAW, unknownModel } from './task'
import { placeOf, type Uploaded, type Uploads } from './uploads'
import { EDIT } from './works'

interface PictureParts {
  readonly open: (account: Account, abort: AbortController, step: () => void) => Promise<Session>
  readonly uploads: Uploads
  /** A picture that was made, where it can be had. */
  readonly download: (
    session: Session,
    url: string,
  ) => Promise<{ readonly base64: string } | undefined>
  readonly tokenizer: () => Promise<Tokenizer>
  readonly settings: () => Settings
  readonly now: () => number
  readonly assetUrl: (path: string) => string
  readonly newId: () => string
}

/** How many pictures a chat draws at a time, and the page Imagine. */
const MOST_IN_CHAT = 2
const MOST_IMAGINED = 4

/** Pictures of grok.com: drawn or changed in a chat, or made by its page Imagine. */
export function createWebPictures(parts: PictureParts): NonNullable<Upstream['pictures']> {
  const { open, uploads, download, tokenizer, settings, now, assetUrl, newId } = parts

  /** Have a model that chats draw, or change what comes along. */
  async function begin(session: Session, { request, model: id, count }: DrawCall) {
    const { work, prompt, pictures } = request
    const { web_request: form, web_temporary: temporary } = settings()
    const model = WEB_MODELS.get(id) ?? unknownModel(id)
    const ask = (message: string, fileIds: readonly string[], tools?: { imageGen: true }) => {
      const opening = { ...openingOf(model), message, fileIds, temporary, pictures: count }
      const body = openingBody(form, tools ? { ...opening, tools } : opening)
      return session.post(NEW_CONVERSATION, body)
    }
    if (work === 'generate') return await ask(DRAW + prompt, [], { imageGen: true })
    const files = await Promise.all(pictures.map(attachPicture))
    return await uploads.use(session, files, (uploaded) => {
      const [first, ...others] = uploaded
      const fileIds = uploaded.map(({ id }) => id)
      if (form === 'g1' || !first) return ask(EDIT + prompt, fileIds)
      const addressOf = (file: Uploaded) => assetUrl(placeOf(file))
      const addresses = [addressOf(first), ...others.map(addressOf)] as const
      return editPictures(session, { prompt, pictures: addresses, temporary, count })
    })
  }

  /** What of an answer is pictures, and what else it says. */
  async function* drawn(
    session: Session,
    request: PictureRequest,
    drawing: Drawing,
    response: Response,
  ): AsyncGenerator<PictureEvent> {
    const signs: PictureSign[] = []
    let words = ''
    const decoder = createWebDecoder({
      filteredTags: [],
      dialect: 'chat',
      assetUrl,
      newId,
      work: request.work === 'edit' ? 'edit' : 'image',
      hide: session.hide,
      watchPicture: (sign) => void signs.push(sign),
    })
    try {
      for await (const event of said(response, decoder, session.signal)) {
        if (event?.type === 'text' && words.length < LONGEST) words += event.text
        for (const sign of signs.splice(0)) {
          const told = await tell(session, sign, drawing)
          if (told) yield told
        }
      }
    } catch (cause) {
      // Whatever was still to be said is not needed.
      if (!drawing.isFull()) throw cause
    }
    if (drawing.made() === 0) throw withoutPicture(words)
  }

  async function tell(
    session: Session,
    sign: PictureSign,
    drawing: Drawing,
  ): Promise<PictureEvent | undefined> {
    const { type, id } = sign
    if (type === 'moderated') return drawing.block(id)
    if (type === 'picture') return drawing.done(id, { url: sign.url })
    const index = drawing.preview(id)
    const preview = index === undefined ? undefined : await download(session, sign.url)
    if (index === undefined || !preview) return
    return { type: 'partial', index, picture: { base64: preview.base64 } }
  }

  async function* make(
    session: Session,
    call: DrawCall,
    drawing: Drawing,
  ): AsyncGenerator<PictureEvent> {
    const { request, count } = call
    const { image_method: method, web_request: form } = settings()
    if (request.work === 'generate' && method === 'imagine') {
      const round = { prompt: request.prompt, ratio: nearestRatio(request), count, form }
      return yield* imagine(session, round, { drawing, now })
    }
    yield* drawn(session, request, drawing, await begin(session, call))
  }

  async function usageOf({ prompt }: PictureRequest): Promise<PictureUsageEvent> {
    const input = (await tokenizer()).count(prompt)
    return {
      type: 'usage',
      usage: { input, cached: 0, output: 0, reasoning: 0, costTicks: null, source: 'estimated' },
      inputDetails: { text: input, image: 0 },
    }
  }

  return {
    most(model, work) {
      const makes = WEB_MODELS.get(model)?.work
      if (work === 'edit') return makes === 'edit' || makes === 'image' ? MOST_IN_CHAT : undefined
      if (makes !== 'image' && makes !== 'imagine') return
      return settings().image_method === 'imagine' ? MOST_IMAGINED : MOST_IN_CHAT
    },

    async *draw(call) {
      const { account, abort, step, request, count } = call
      if (request.mask)
        throw unable('grok.com changes whole pictures: it takes no mask.', request.mask.param)
      const session = await open(account, abort, step)
      const drawing = createDrawing({ count, partials: request.partials })
      yield* make(session, call, drawing)
      yield* drawing.blocked()
      yield await usageOf(request)
    },
  }
}

const openingOf = (model: WebModel) => ({ model, mode: model.mode, search: true, draw: true })

const LONGEST = 500

/** Words in place of a picture are a refusal of what was asked for, and took of the quota. */
function withoutPicture(words: string): UpstreamFault {
  const rest = words.trim() && ` It says: ${words.trim().slice(0, LONGEST)}`
  return new UpstreamFault('refused', `grok.com drew no picture.${rest}`, {
    status: 400,
    code: NO_PICTURE,
    param: 'prompt',
    begun: true,
  })
}
