import { unable } from '../../errors'
import type { PictureEvent, PictureRequest } from '../../turn/picture'
import { asModerated } from '../fault'
import { type Caller, readAnswer } from '../openai/call'
import { readPictures } from '../openai/picture-answer'
import type { DrawCall, Upstream } from '../upstream'
import { type PictureMember, withPictures } from './picture-body'
import { mannerFor } from './picture-manner'

/** The most that xAI makes in one call. */
const MOST = 10

/** Fields of OpenAI's API that xAI has nothing of, and one of its own that makes its answer wait. */
const FOREIGN = [
  'background',
  'output_format',
  'output_compression',
  'style',
  'moderation',
  'input_fidelity',
  'partial_images',
  'deferred',
  'image',
  'images',
]

/** Pictures of xAI's own API, which takes nothing but JSON. */
export function createXaiPictures(call: Caller): NonNullable<Upstream['pictures']> {
  async function send(drawing: DrawCall): Promise<Response> {
    const { account, request, abort } = drawing
    const accept = 'application/json'
    const path = request.work === 'generate' ? '/images/generations' : '/images/edits'
    return call({
      ...{ account, path, method: 'POST', accept, type: accept, abort },
      ...withPictures(fieldsOf(drawing), picturesOf(request)),
    })
  }

  return {
    // Its list of models says it by a price, which nobody has at hand here; all of them say it by their name.
    most: (model) => (/image|imagine/i.test(model) && !/video/i.test(model) ? MOST : undefined),

    async *draw(drawing): AsyncGenerator<PictureEvent> {
      const { account, request, count, abort } = drawing
      if (request.mask)
        throw unable('xAI changes whole pictures: it takes no mask.', request.mask.param)
      try {
        const answer = await readAnswer(await send(drawing), abort)
        yield* readPictures(answer, { baseUrl: account.baseUrl, count, keepsBack: true })
      } catch (cause) {
        throw asModerated(cause)
      }
    },
  }
}

/** By its address a picture can be kept as it comes, and is in nobody's memory as a whole. */
function fieldsOf({ request, model, count }: DrawCall): Readonly<Record<string, unknown>> {
  const known = Object.entries(request.others).filter(
    ([name, value]) => !FOREIGN.includes(name) && value !== null,
  )
  return {
    ...Object.fromEntries(known),
    model,
    prompt: request.prompt,
    n: count,
    ...mannerFor(model, request),
    response_format: 'url',
  }
}

/** One picture has a name of its own. */
function picturesOf({ work, pictures }: PictureRequest): readonly PictureMember[] {
  if (work === 'generate') return []
  const [only] = pictures
  return [pictures.length === 1 && only ? ['image', only] : ['images', pictures]]
}
