import { UpstreamFault } from '../../errors'
import type { PictureEvent, PictureRequest } from '../../turn/picture'
import { asModerated } from '../fault'
import type { DrawCall, Upstream } from '../upstream'
import { type Caller, readAnswer } from './call'
import { type FormPart, formOf } from './form'
import { type PictureTerms, readPictures } from './picture-answer'
import { sizeFor } from './picture-size'
import { isStream, readPictureStream } from './picture-stream'

/** What a request is sent as. */
type Fields = Readonly<Record<string, unknown>>

/** The most that OpenAI makes in one call. */
const MOST = 10

/** Fields of xAI's API that a server of OpenAI's refuses. */
const FOREIGN = [
  'aspect_ratio',
  'resolution',
  'storage_options',
  'output',
  'deferred',
  'image',
  'images',
]

/** Models that answer in base64 always, and do not want to be told to. */
const IS_GPT_IMAGE = /(?:^|\/)(?:chat)?gpt-image/
/** Models that know no previews. */
const IS_DALL_E = /(?:^|\/)dall-e/

/** Pictures of any server that speaks OpenAI's dialect. */
export function createPictures(call: Caller): NonNullable<Upstream['pictures']> {
  async function send({ request, account, abort }: DrawCall, fields: Fields): Promise<Response> {
    const plain = fields.stream === true
    const accept = plain ? 'text/event-stream' : 'application/json'
    const asked = { account, method: 'POST', accept, plain, abort } as const
    if (request.work === 'generate') {
      const body = JSON.stringify(fields)
      return call({ ...asked, path: '/images/generations', type: 'application/json', body })
    }
    const { type, body } = formOf(Object.entries(fields), filesOf(request))
    const { length } = body
    return call({ ...asked, path: '/images/edits', type, length, body: body.stream() })
  }

  /** Nobody asked for these fields: a server that does not know one of them is asked without. */
  async function ask(drawing: DrawCall): Promise<Response> {
    const fields = fieldsOf(drawing)
    const manner = mannerOf(drawing)
    try {
      return await send(drawing, { ...fields, ...manner })
    } catch (cause) {
      if (!refusesOne(cause, Object.keys(manner))) throw cause
      return send(drawing, fields)
    }
  }

  return {
    // Whether a model draws, its server knows.
    most: (model) => (/dall-e-3/.test(model) ? 1 : MOST),

    async *draw(drawing): AsyncGenerator<PictureEvent> {
      const { account, count, abort } = drawing
      const terms: PictureTerms = { baseUrl: account.baseUrl, count, keepsBack: false }
      try {
        const response = await ask(drawing)
        if (isStream(response)) yield* readPictureStream(response, terms, abort)
        else yield* readPictures(await readAnswer(response, abort), terms)
      } catch (cause) {
        throw asModerated(cause)
      }
    },
  }
}

/** What the client asked for, in OpenAI's words. */
function fieldsOf({ request, model, count }: DrawCall): Fields {
  const { prompt, quality, outputFormat, others } = request
  const known = Object.entries(others).filter(
    ([name, value]) => !FOREIGN.includes(name) && value !== null && value !== undefined,
  )
  const size = sizeFor(model, request)
  return {
    ...Object.fromEntries(known),
    model,
    prompt,
    n: count,
    ...(size !== undefined && { size }),
    ...(quality !== undefined && { quality }),
    ...(outputFormat !== undefined && { output_format: outputFormat }),
  }
}

/**
 * How we want to be answered. Base64 spares the way to an address that may be nowhere but in the
 * server's own network. Of several pictures no previews can be had: OpenAI streams one only.
 */
function mannerOf({ request: { partials }, model, count }: DrawCall): Fields {
  const previews =
    partials > 0 && count === 1 && !IS_DALL_E.test(model)
      ? { stream: true, partial_images: partials }
      : {}
  return IS_GPT_IMAGE.test(model) ? previews : { response_format: 'b64_json', ...previews }
}

/** One picture as `image`, which every server knows; several as the SDKs send them. */
function filesOf({ pictures, mask }: PictureRequest): readonly FormPart[] {
  const field = pictures.length === 1 ? 'image' : 'image[]'
  const files = pictures.map(({ name, mime, bytes }) => ({ field, name, mime, bytes }))
  if (!mask) return files
  return [...files, { field: 'mask', name: mask.name, mime: mask.mime, bytes: mask.bytes }]
}

/** Whether a request was refused since one of its fields is not known there. */
function refusesOne(cause: unknown, names: readonly string[]): boolean {
  if (!(cause instanceof UpstreamFault) || cause.kind !== 'refused') return false
  const { status, param = '' } = cause.details
  if (status !== 400 && status !== 422) return false
  return names.some((name) => param === name || new RegExp(`\\b${name}`, 'i').test(cause.message))
}
