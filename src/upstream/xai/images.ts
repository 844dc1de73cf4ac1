import { unable } from '../../errors'
import { bodyOf, type Piece } from '../../stream/pieces'
import type { PictureEvent, PictureInput } from '../../turn/picture'
import { asModerated } from '../fault'
import { type Caller, readAnswer } from '../openai/call'
import { readPictures } from '../openai/picture-answer'
import type { DrawCall, Upstream } from '../upstream'
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
    const asked = { account, method: 'POST', accept, type: accept, abort } as const
    const fields = JSON.stringify(fieldsOf(drawing))
    if (request.work === 'generate')
      return call({ ...asked, path: '/images/generations', body: fields })
    const body = bodyOf([fields.slice(0, -1), ',', ...shown(request.pictures), '}'])
    const { length } = body
    return call({ ...asked, path: '/images/edits', length, body: body.stream() })
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

/** The pictures to be changed, as members of a JSON object that are put together when they are sent. */
function shown(pictures: readonly PictureInput[]): readonly Piece[] {
  const each = pictures.map(({ mime, bytes }): readonly Piece[] => [
    `{"url":"data:${mime};base64,`,
    { base64: bytes },
    '"}',
  ])
  const [only] = each
  if (each.length === 1 && only) return ['"image":', ...only]
  return ['"images":[', ...each.flatMap((one, at) => (at === 0 ? one : [',', ...one])), ']']
}
