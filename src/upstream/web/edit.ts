import { UpstreamFault } from '../../errors'
import { MODERATED, TOO_LARGE } from './faults'
import { createMediaPost, IMAGINE } from './media-post'
import { FIXED_G2, NEW_CONVERSATION } from './request'
import type { Session } from './session'

/** How pictures are to be changed. */
interface Edit {
  readonly prompt: string
  /** Where the pictures are, on the asset host. */
  readonly pictures: readonly [string, ...string[]]
  readonly temporary: boolean
  /** How many are to be made of them; as many as the web app wants if left out. */
  readonly count?: number
}

/** The model that changes pictures, and one that does it where that one is not to be had. */
const EDITOR = 'imagine-image-edit'
const STAND_IN = 'grok-3'

/**
 * Have pictures changed, as the second generation of the web app asks for it: a model of its own, else a
 * model that chats is told to.
 *
 * @throws UpstreamFault when neither does
 */
export async function editPictures(session: Session, edit: Edit): Promise<Response> {
  const [first] = edit.pictures
  const post = await createMediaPost(session, { picture: first }, 'g2').catch(unlessLacking)
  const ask = (model: string) =>
    session.post(NEW_CONVERSATION, editBody(edit, model, post), { referer: IMAGINE })
  return await ask(EDITOR).catch((cause) => {
    unlessLacking(cause)
    return ask(STAND_IN)
  })
}

/** The refusal of a call that grok.com does not know, or not in this form; any other is thrown on. */
function unlessLacking(cause: unknown): undefined {
  const { status, code } = cause instanceof UpstreamFault ? cause.details : {}
  const isAboutContent = code === MODERATED || code === TOO_LARGE
  if ((status === 400 || status === 404) && !isAboutContent) return
  throw cause
}

function editBody(
  { prompt, pictures, temporary, count }: Edit,
  model: string,
  post?: string,
): string {
  const imageEditModelConfig = { imageReferences: pictures, parentPostId: post }
  return JSON.stringify({
    ...FIXED_G2,
    ...(count !== undefined && { imageGenerationCount: count }),
    temporary,
    modelName: model,
    modelMode: model === STAND_IN ? 'MODEL_MODE_FAST' : undefined,
    message: prompt,
    fileAttachments: [],
    disableSearch: false,
    enableImageGeneration: true,
    toolOverrides: { imageGen: true },
    responseMetadata: {
      modelConfigOverride: { modelMap: { imageEditModel: 'imagine', imageEditModelConfig } },
      requestModelDetails: { modelId: model },
    },
  })
}
