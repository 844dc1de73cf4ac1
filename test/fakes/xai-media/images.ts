import { randomUUID } from 'node:crypto'
import { flag, whole } from '../grok-web/checks'
import { type Call, isForm } from '../media/calls'
import type { Host } from '../media/host'
import type { Dots } from '../media/jpeg'
import { type PictureType, pictureOf } from '../media/pictures'
import { createPlan } from '../media/plan'
import type { Manner } from '../media/serving'
import {
  COMMON,
  type FindFile,
  type Json,
  maybe,
  misshapen,
  oneOf,
  takePicture,
  takePictures,
  text,
} from './fields'
import { sortOf } from './models'
import { missing, refuse } from './refusals'

/** How a call that draws is answered. */
export interface Drawing {
  /** How many, if not as many as asked. */
  readonly count?: number
  /** Which of them are moderated, counted from 0. */
  readonly moderated?: readonly number[]
  /** `jpeg` by default. */
  readonly type?: PictureType
  /** Bytes of each, about. */
  readonly size?: number
  /** These bytes instead of a picture. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** How the media host serves them. */
  readonly manner?: Manner
  /** Base64 where addresses were asked for, and the other way round. */
  readonly swapsFormat?: boolean
  readonly usage?: Json | null
}

const RATIOS = [
  ...['1:1', '3:4', '4:3', '9:16', '16:9', '2:3', '3:2', '9:19.5', '19.5:9', '9:20', '20:9'],
  ...['1:2', '2:1', '21:9', '5:2', 'auto'],
]

const FIELDS = {
  ...COMMON,
  ...{ prompt: text, n: maybe(whole), aspect_ratio: maybe(oneOf(RATIOS)) },
  ...{ resolution: maybe(oneOf(['1k', '1.5k', '2k'])), deferred: maybe(flag) },
  quality: maybe(oneOf(['low', 'medium', 'auto'])),
  response_format: maybe(oneOf(['url', 'b64_json'])),
}

const anything = () => undefined
const SHAPES = {
  generations: { known: FIELDS, required: [] },
  edits: { known: { ...FIELDS, image: anything, images: anything }, required: ['prompt'] },
}

/** The width and the height of what is asked for. */
function dotsOf({ aspect_ratio: ratio, resolution }: Json): Dots {
  const side = { '1.5k': 1536, '2k': 2048 }[String(resolution)] ?? 1024
  const [across = 1, down = 1] = /:/.test(String(ratio)) ? String(ratio).split(':').map(Number) : []
  const longest = Math.max(across, down)
  return [Math.round((side * across) / longest), Math.round((side * down) / longest)]
}

/** The model of a body, or a refusal of it. */
export function modelOf(body: Json, standard: string, sort: string): string | Response {
  const model = body.model ?? standard
  if (sortOf(model) === sort) return String(model)
  if (sortOf(model)) return refuse(400, `The model ${model} does not make this.`)
  return refuse(404, `The model ${model} does not exist or your team has no access to it.`)
}

interface Parts {
  readonly host: Host
  readonly findFile: FindFile
}

/** `/v1/images/…` */
export function createImages({ host, findFile }: Parts) {
  const { next, ...plan } = createPlan<Drawing>({})
  let serial = 0
  /** Deferred answers and whose they are, and whether they were asked for already. */
  const deferred = new Map<string, { account: string; answer: object; polls: number }>()

  /** What is wrong with a call; it notes its pictures too. */
  function refusal(call: Call, kind: keyof typeof SHAPES): Response | undefined {
    const { body } = call
    if (isForm(call)) return refuse(415, 'Expected request with `Content-Type: application/json`')
    const wrong = misshapen(body, SHAPES[kind])
    if (wrong) return wrong
    const n = body.n ?? 1
    if (Number(n) < 1 || Number(n) > 10) return refuse(400, 'n must be between 1 and 10.')
    if (!String(body.prompt ?? '').trim()) return refuse(400, 'prompt must not be empty.')
    const model = modelOf(body, 'grok-imagine-image', 'image-generation')
    if (model instanceof Response) return model
    if (body.quality && body.quality !== 'auto' && model !== 'grok-imagine-image-2.0')
      return refuse(400, `The model ${model} does not support quality.`)
    if (body.deferred && body.response_format === 'b64_json')
      return refuse(400, 'A deferred answer has addresses only.')
    return kind === 'edits' ? refusalOfInputs(call) : undefined
  }

  function refusalOfInputs(call: Call): Response | undefined {
    const { image, images } = call.body
    const hasOne = image !== undefined && image !== null
    const hasList = Array.isArray(images) ? images.length > 0 : images !== undefined
    if (hasOne && hasList) return refuse(400, 'image and images cannot be used together.')
    if (!hasOne && !hasList) return refuse(400, 'An image is needed.')
    if (hasOne) return takePicture(call, 'image', image, findFile)
    return takePictures(call, 'images', images, findFile)
  }

  function draw(body: Json, drawing: Drawing, order: number) {
    const { type = 'jpeg', size, moderated = [], swapsFormat, manner } = drawing
    const prompt = String(body.prompt)
    const about = { mime_type: `image/${type}`, revised_prompt: `${prompt}, in detail` }
    if (moderated.includes(order) || prompt.includes('forbidden'))
      return { url: '', ...about, respect_moderation: false }
    const bytes = drawing.bytes ?? pictureOf(type, `${prompt} ${++serial}`, size, dotsOf(body))
    const isBase64 = (body.response_format === 'b64_json') !== (swapsFormat ?? false)
    if (isBase64)
      return { b64_json: Buffer.from(bytes).toString('base64'), ...about, respect_moderation: true }
    const path = `${randomUUID()}.${type === 'jpeg' ? 'jpg' : type}`
    const { url } = host.put({
      content: bytes,
      type: about.mime_type,
      path,
      ...(manner && { manner }),
    })
    return { url, ...about, respect_moderation: true }
  }

  function answer(call: Call, kind: keyof typeof SHAPES): Response {
    const refused = refusal(call, kind)
    if (refused) return refused
    const { body } = call
    const drawing = next()
    const count = drawing.count ?? Number(body.n ?? 1)
    const data = Array.from({ length: count }, (_, order) => draw(body, drawing, order))
    const usage = drawing.usage ?? { cost_in_usd_ticks: 200_000_000 * data.length }
    const said = { data, ...(drawing.usage !== null && { usage }) }
    if (!body.deferred) return Response.json(said)
    const request_id = randomUUID()
    deferred.set(request_id, { account: String(call.account), answer: said, polls: 0 })
    return Response.json({ request_id })
  }

  return {
    answer,
    /** `GET /v1/images/{request_id}` */
    poll({ account }: Call, id: string): Response {
      const found = deferred.get(id)
      if (!found || found.account !== account) return missing(`The request ${id}`)
      if (found.polls++ === 0)
        return Response.json({ request_id: id, status: 'pending' }, { status: 202 })
      return Response.json({ request_id: id, status: 'done', ...found.answer })
    },
    ...plan,
  }
}
