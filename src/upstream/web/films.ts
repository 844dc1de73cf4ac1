import { UpstreamFault } from '../../errors'
import type { Account } from '../../pool/account'
import type { Settings } from '../../store/settings'
import type { FilmEvent } from '../../turn/film'
import { withBegun } from '../fault'
import type { FilmCall, Upstream } from '../upstream'
import { attachPicture } from './attachments'
import { createWebDecoder, type WebDecoder } from './decoder'
import { MODERATED } from './faults'
import { WEB_MODELS } from './models'
import { said } from './said'
import type { Session } from './session'
import type { Uploads } from './uploads'
import { makeVideo, USUAL } from './video'
import type { WebEvent } from './voice'

interface FilmParts {
  readonly open: (account: Account, abort: AbortController, step: () => void) => Promise<Session>
  readonly uploads: Uploads
  readonly settings: () => Settings
  readonly assetUrl: (path: string) => string
  readonly newId: () => string
}

/** What was seen of a video. */
interface Sight {
  hasBegun: boolean
  isModerated: boolean
  percent: number
  /** What was said in place of one. */
  words: string
}

/** Videos of grok.com. They come in the stream that makes them, and nobody can ask for one again. */
export function createWebFilms(parts: FilmParts): NonNullable<Upstream['films']> {
  const { open, uploads, settings, assetUrl, newId } = parts

  async function begin(session: Session, { request }: FilmCall): Promise<Response> {
    const { prompt, first, references, seconds, ratio, resolution, preset } = request
    const { web_request: form, web_temporary: temporary } = settings()
    const files = await Promise.all(
      (first ? [first, ...references] : references).map(attachPicture),
    )
    const config = {
      aspectRatio: ratio,
      seconds,
      resolution: resolution === '1080p' ? undefined : resolution,
      preset,
    }
    return await uploads.use(session, files, (pictures) =>
      makeVideo(
        session,
        { prompt, pictures, isOfReferences: references.length > 0, config, temporary },
        { form, assetUrl },
      ),
    )
  }

  function watched(session: Session, sight: Sight): WebDecoder {
    return createWebDecoder({
      filteredTags: [],
      dialect: 'chat',
      assetUrl,
      newId,
      work: 'video',
      hide: session.hide,
      watchVideo({ progress, state }) {
        sight.hasBegun = true
        sight.isModerated = state === 'moderated'
        sight.percent = Math.min(100, Math.trunc(progress))
      },
    })
  }

  return {
    can(model, { work, resolution, others }) {
      const makes = WEB_MODELS.get(model)?.work
      if (makes !== 'video' && makes !== 'imagine') return false
      // It has no word for sounds, nor for pictures at times; whom it is for matters to nobody.
      const isPlain = Object.keys(others).every((name) => name === 'user')
      return isPlain && work === 'generate' && resolution !== '1080p'
    },

    async *film(call) {
      const { account, abort, step, request } = call
      const session = await open(account, abort, step)
      const response = await begin(session, call)
      const sight: Sight = { hasBegun: false, isModerated: false, percent: 0, words: '' }
      const seconds =
        settings().web_request === 'g1' ? undefined : (request.seconds ?? USUAL.seconds)
      let isAccepted = false
      let isShown = false
      try {
        for await (const event of said(response, watched(session, sight), session.signal)) {
          const video = filmed(event, seconds)
          // An account that refuses says so before it begins: then another one is asked.
          if (!isAccepted && (sight.hasBegun || video)) {
            isAccepted = true
            yield { type: 'accepted', upstreamId: undefined }
          }
          if (isAccepted) yield { type: 'progress', percent: sight.percent }
          if (video && !isShown) yield video
          isShown ||= video !== undefined
          if (event?.type === 'text' && sight.words.length < LONGEST) sight.words += event.text
        }
      } catch (cause) {
        // Whatever was still to be said is not needed.
        if (!isShown) throw withBegun(cause, isAccepted)
      }
      if (!isShown) throw withBegun(lacking(sight), isAccepted)
    },
  }
}

function filmed(event: WebEvent | undefined, seconds: number | undefined): FilmEvent | undefined {
  if (event?.type !== 'media' || event.sort !== 'video') return
  return { type: 'video', url: event.url, thumbnail: event.poster, seconds }
}

const LONGEST = 300

/** Why an answer that is whole has no video. */
function lacking({ isModerated, words }: Sight): UpstreamFault {
  if (isModerated)
    return new UpstreamFault('refused', "grok.com's moderation refused to show the video.", {
      status: 400,
      code: MODERATED,
    })
  const rest = words.trim() && ` It says: ${words.trim().slice(0, LONGEST)}`
  return new UpstreamFault('unfit', `grok.com answered without a video.${rest}`)
}
