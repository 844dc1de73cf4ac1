import type { Json } from '../grok-web/checks'
import { type Call, isForm } from '../media/calls'
import type { Host } from '../media/host'
import type { Dots } from '../media/jpeg'
import { type PictureType, pictureOf } from '../media/pictures'
import { createPlan } from '../media/plan'
import type { Manner } from '../media/serving'
import { bytes as sent } from '../upstream'
import { type Family, familyOf, isGpt, refusalOf } from './image-rules'
import { coerced, type FindFile, takeInputs } from './inputs'
import { invalid, moderated, unknownModel } from './refusals'

/** How a call that draws is answered. */
export interface Drawing {
  /** How many, if not as many as asked. */
  readonly count?: number
  /** How many partial pictures of each, if not as many as asked. */
  readonly partials?: number
  /** The stream ends with this error instead of the last picture. */
  readonly fails?: { readonly code: string; readonly message: string }
  /** Bytes of each, about. */
  readonly size?: number
  /** These bytes instead of a picture. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** How the media host serves them. */
  readonly manner?: Manner
  /** Between two events. */
  readonly gapMs?: number
  /** Base64 where addresses were asked for, and the other way round. */
  readonly swapsFormat?: boolean
  readonly usage?: Json | null
  /** JSON although a stream was asked for, as servers do that do not stream. */
  readonly ignoresStream?: boolean
}

type Kind = 'generations' | 'edits'

/** What all events and the whole answer say of the pictures. */
interface About {
  readonly size: string
  readonly quality: string
  readonly background: string
  readonly output_format: PictureType
}

const aboutOf = (body: Json): About => {
  const { size = 'auto', quality = 'auto', background = 'auto', output_format: form = 'png' } = body
  return {
    size: size === 'auto' ? '1024x1024' : String(size),
    quality: quality === 'auto' ? 'high' : String(quality),
    background: background === 'auto' ? 'opaque' : String(background),
    output_format: form as PictureType,
  }
}

const usageOf = (count: number, inputs: number) => {
  const [text, image, output] = [12, 194 * inputs, 4160 * count]
  return {
    ...{ total_tokens: text + image + output, input_tokens: text + image, output_tokens: output },
    input_tokens_details: { text_tokens: text, image_tokens: image },
  }
}

interface Parts {
  readonly host: Host
  readonly findFile: FindFile
  readonly knows: (model: string) => boolean
  readonly now: () => number
}

/** `/v1/images/…` */
export function createImages({ host, findFile, knows, now }: Parts) {
  const { next, ...plan } = createPlan<Drawing>({})
  let serial = 0

  const created = () => Math.floor(now() / 1000)

  function picture({ size, output_format: form }: About, prompt: string, drawing: Drawing) {
    if (drawing.bytes) return drawing.bytes
    const [width = 1024, height = 1024] = size.split('x').map(Number)
    const dots: Dots = [width, height]
    return pictureOf(form, `${prompt} ${++serial}`, drawing.size, dots)
  }

  function shown(body: Json, family: Family, drawing: Drawing): object {
    const about = aboutOf(body)
    const prompt = String(body.prompt)
    const bytes = picture(about, prompt, drawing)
    const wantsBase64 = isGpt(family) || body.response_format === 'b64_json'
    const revised = family === 'dall-e-3' && { revised_prompt: `${prompt}, in detail` }
    if (wantsBase64 !== (drawing.swapsFormat ?? false))
      return { b64_json: Buffer.from(bytes).toString('base64'), ...revised }
    const path = `img-${crypto.randomUUID()}.${about.output_format}`
    const { manner } = drawing
    const type = `image/${about.output_format}`
    const { url } = host.put({ content: bytes, type, path, ...(manner && { manner }) })
    return { url, ...revised }
  }

  /** The events of a stream, each complete. */
  function* events(body: Json, kind: Kind, drawing: Drawing, inputs: number) {
    const family = kind === 'edits' ? 'image_edit' : 'image_generation'
    const about = aboutOf(body)
    const prompt = String(body.prompt)
    const partials = drawing.partials ?? Number(body.partial_images ?? 0)
    const count = drawing.count ?? Number(body.n ?? 1)
    const base64 = (name: string) => Buffer.from(picture(about, name, drawing)).toString('base64')
    for (let order = 0; order < count; order++) {
      for (let at = 0; at < partials; at++)
        yield {
          ...{ type: `${family}.partial_image`, b64_json: base64(`${prompt} partial`) },
          ...{ created_at: created(), ...about, partial_image_index: at },
        }
      if (drawing.fails) break
      const usage = drawing.usage ?? usageOf(1, inputs)
      yield {
        ...{ type: `${family}.completed`, b64_json: base64(prompt), created_at: created() },
        ...{ ...about, ...(drawing.usage !== null && { usage }) },
      }
    }
    const { fails } = drawing
    if (fails)
      yield { type: 'error', error: { type: 'image_generation_user_error', param: null, ...fails } }
  }

  function stream(body: Json, kind: Kind, drawing: Drawing, inputs: number): Response {
    const pieces = [...events(body, kind, drawing, inputs)].map(
      (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    return sent(pieces, { gapMs: drawing.gapMs ?? 0 })
  }

  function whole(body: Json, family: Family, drawing: Drawing, inputs: number): Response {
    const count = drawing.count ?? Number(body.n ?? 1)
    const data = Array.from({ length: count }, () => shown(body, family, drawing))
    if (!isGpt(family)) return Response.json({ created: created(), data })
    const usage = drawing.usage ?? usageOf(count, inputs)
    const said = { created: created(), data, ...aboutOf(body) }
    return Response.json(drawing.usage === null ? said : { ...said, usage })
  }

  /** The model that is meant when none is named. */
  function standardModel(body: Json, kind: Kind): string {
    const isForGpt = kind === 'edits' || body.output_format !== undefined || body.stream === true
    return isForGpt ? 'gpt-image-1.5' : 'dall-e-2'
  }

  function answer(call: Call, kind: Kind): Response {
    const body = coerced(call)
    if (kind === 'generations' && isForm(call)) return invalid('body', 'Expected a JSON body.')
    const model = String(body.model ?? standardModel(body, kind))
    const family = familyOf(model)
    if (!knows(model)) return unknownModel(model)
    if (!family) return invalid('model', `The model '${model}' does not draw.`)
    const refused =
      refusalOf(body, family, isForm(call) ? 'forms' : kind) ??
      (kind === 'edits' ? takeInputs(call, family, findFile) : undefined)
    if (refused) return refused
    if (String(body.prompt).includes('forbidden')) return moderated()
    const drawing = next()
    const inputs = call.pictures.length
    if (body.stream && !drawing.ignoresStream) return stream(body, kind, drawing, inputs)
    return whole(body, family, drawing, inputs)
  }

  return { answer, ...plan }
}
