import type { VideoConfig } from '../../turn/video-config'
import { createMediaPost, IMAGINE } from './media-post'
import type { RequestForm } from './models'
import { NEW_CONVERSATION } from './request'
import type { Session } from './session'
import { placeOf, type Uploaded } from './uploads'

/** The video that is wanted. */
interface Film {
  readonly prompt: string
  /** What it begins with, or is made of. */
  readonly pictures: readonly Uploaded[]
  /** They are what is to be seen in it, even a single one. */
  readonly isOfReferences?: boolean
  readonly config: VideoConfig
  readonly temporary: boolean
}

interface FilmTerms {
  readonly form: RequestForm
  readonly assetUrl: (path: string) => string
}

/** The model that the web app asks for videos, and what it says of how they are to be. */
const MODEL = 'grok-3'
const FLAGS = { normal: 'normal', fun: 'extremely-crazy', custom: 'custom' } as const

/** What the web app has chosen at first. */
export const USUAL = { aspectRatio: '3:2', seconds: 6, resolution: '480p' } as const

/**
 * Have a video made, of words or of pictures.
 *
 * @throws UpstreamFault when grok.com makes none
 */
export async function makeVideo(
  session: Session,
  film: Film,
  { form, assetUrl }: FilmTerms,
): Promise<Response> {
  const { prompt, pictures, config, temporary, isOfReferences = pictures.length > 1 } = film
  const urls = pictures.map((file) => assetUrl(placeOf(file)))
  const [first] = urls
  const subject = first === undefined ? { prompt } : { picture: first }
  const post = await createMediaPost(session, subject, form)
  const flag = `--mode=${FLAGS[config.preset ?? (prompt ? 'custom' : 'normal')]}`
  const asked = prompt ? `${prompt} ${flag}` : flag
  const shared = { temporary, modelName: MODEL, toolOverrides: { videoGen: true } }
  if (form === 'g1') {
    const page = `${IMAGINE}/${encodeURIComponent(post)}`
    const message = `${new URL(session.account.baseUrl).origin}${page}  ${asked}`
    const body = { ...shared, message, fileAttachments: pictures.map(({ id }) => id) }
    return await session.post(NEW_CONVERSATION, JSON.stringify(body), { referer: page })
  }
  const { aspectRatio, seconds, resolution } = config
  const videoGenModelConfig = {
    parentPostId: post,
    aspectRatio: aspectRatio ?? USUAL.aspectRatio,
    videoLength: seconds ?? USUAL.seconds,
    resolutionName: resolution ?? USUAL.resolution,
    ...(isOfReferences && { isVideoEdit: false, isReferenceToVideo: true, imageReferences: urls }),
  }
  const body = {
    ...shared,
    message: asked,
    enableSideBySide: true,
    responseMetadata: {
      experiments: [],
      modelConfigOverride: { modelMap: { videoGenModelConfig } },
    },
  }
  return await session.post(NEW_CONVERSATION, JSON.stringify(body), { referer: IMAGINE })
}

/** What of a video's description the first generation of the web app has no words for. */
export function unsaidOf(config: VideoConfig, form: RequestForm): readonly string[] {
  if (form !== 'g1') return []
  const { aspectRatio, seconds, resolution } = config
  const given = { aspect_ratio: aspectRatio, video_length: seconds, resolution }
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : `video_config.${name}`,
  )
}
