import type { Json } from '../grok-web/checks'
import type { Call } from '../media/calls'
import { embedded, inputsOf } from '../media/embeddings'
import { type Route, serveFake } from '../media/fake'
import { createHost } from '../media/host'
import { attachedTo, chat, respond } from '../media/turns'
import { createFiles } from './files'
import { familyOf } from './image-rules'
import { createImages, type Drawing } from './images'
import { failed, invalid, lacking, refuse, unknownModel } from './refusals'

export type { Call } from '../media/calls'
export { faults } from '../media/faults'
export { jpeg } from '../media/jpeg'
export { gif, png, typeOf, webp } from '../media/pictures'
export type { Drawing } from './images'

/** What a call can be for. */
export type Endpoint =
  | 'models'
  | 'images.generations'
  | 'images.edits'
  | 'embeddings'
  | 'files.create'
  | 'files.list'
  | 'files.get'
  | 'files.delete'
  | 'files.content'
  | 'chat'
  | 'responses'

interface Options {
  /** Keys that are known, each an account; by default each key is one. */
  readonly keys?: readonly string[]
  readonly now?: () => number
  /** Instead of OpenAI's; what no rule is known of is taken for a language model. */
  readonly models?: readonly string[]
  /** What the server does not have: `files` for all of them, or single endpoints. */
  readonly lacks?: readonly (Endpoint | 'files')[]
}

const MODELS = [
  ...['gpt-5', 'gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'gpt-image-2'],
  ...['chatgpt-image-latest', 'dall-e-2', 'dall-e-3'],
  ...['text-embedding-ada-002', 'text-embedding-3-small', 'text-embedding-3-large'],
]

const ROUTES: readonly Route<Endpoint>[] = [
  ['models', 'GET', /^\/v1\/models(?:\/(.+))?$/],
  ['images.generations', 'POST', /^\/v1\/images\/generations$/],
  ['images.edits', 'POST', /^\/v1\/images\/edits$/],
  ['embeddings', 'POST', /^\/v1\/embeddings$/],
  ['files.create', 'POST', /^\/v1\/files$/],
  ['files.list', 'GET', /^\/v1\/files$/],
  ['files.content', 'GET', /^\/v1\/files\/([^/]+)\/content$/],
  ['files.get', 'GET', /^\/v1\/files\/([^/]+)$/],
  ['files.delete', 'DELETE', /^\/v1\/files\/([^/]+)$/],
  ['chat', 'POST', /^\/v1\/chat\/completions$/],
  ['responses', 'POST', /^\/v1\/responses$/],
]

/**
 * An OpenAI-compatible API as far as it makes pictures, keeps files and embeds, a real server,
 * written from openai-api.md and openai-shapes.txt alone. It refuses what OpenAI refuses, writes
 * down what it was sent, and does wrong what it is told to:
 *
 *     await using openai = fakeOpenAiMedia({ keys: ['sk-1'], lacks: ['files'] })
 *     openai.script('images.edits', faults.limited(2), faults.cut())
 *     openai.draws({ partials: 1 }, { count: 1 })
 *     openai.callsOf('images.edits')[0]?.pictures
 */
export function fakeOpenAiMedia(options: Options = {}) {
  const { keys, now = Date.now, models = MODELS, lacks = [] } = options
  const host = createHost(() => fake.origin)
  const files = createFiles(now)
  const knows = (model: string) => models.includes(model)
  const images = createImages({ host, findFile: files.bytesOf, knows, now })

  function enter(headers: Headers): string | Response {
    const key = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1]
    if (key === undefined) return failed(401, "You didn't provide an API key.")
    return (keys?.includes(key) ?? true) ? key : refuse(401, 'Incorrect API key provided.')
  }

  const shown = (id: string) => ({
    ...{ id, object: 'model', created: 1_760_000_000, owned_by: 'openai' },
  })

  function listed(id: string | undefined): Response {
    if (id === undefined) return Response.json({ object: 'list', data: models.map(shown) })
    const name = decodeURIComponent(id)
    return knows(name) ? Response.json(shown(name)) : unknownModel(name)
  }

  function embeddings({ body }: Call): Response {
    const model = String(body.model)
    if (body.model === undefined) return lacking('model')
    if (!knows(model)) return unknownModel(model)
    const inputs = inputsOf(body.input)
    if (!inputs || inputs.length > 2048) return invalid('input', "'$.input' is invalid.")
    const { encoding_format: format = 'float', dimensions: asked } = body
    if (format !== 'float' && format !== 'base64')
      return invalid('encoding_format', 'Expected float or base64.')
    const most = model.endsWith('-large') ? 3072 : 1536
    const isOpen = !model.endsWith('ada-002')
    if (asked !== undefined && !isOpen)
      return invalid('dimensions', 'This model does not support specifying dimensions.')
    if (asked !== undefined && !(Number(asked) >= 1 && Number(asked) <= most))
      return invalid('dimensions', `Expected a value from 1 to ${most}.`)
    const isBase64 = format === 'base64'
    return embedded({ model, inputs, dimensions: Number(asked ?? most), isBase64 })
  }

  function turn({ account, body }: Call, answer: (body: Json) => Response): Response {
    const model = String(body.model)
    if (!knows(model)) return unknownModel(model)
    if (familyOf(model)) return invalid('model', `The model '${model}' does not talk.`)
    const { fileIds, data } = attachedTo(body)
    const lost = fileIds.find((id) => !files.bytesOf(String(account), id))
    if (lost !== undefined) return failed(404, `No such File object: ${lost}`)
    const bare = data.find((url) => !/^(data:[^;,]+;base64,|https?:\/\/)/.test(url))
    if (bare !== undefined) return invalid('file_data', 'Expected a base64-encoded data URL.')
    return answer(body)
  }

  function answer(call: Call, endpoint: Endpoint, found: readonly string[]): Response {
    const [id = ''] = found
    if (lacks.some((name) => endpoint === name || endpoint.startsWith(`${name}.`)))
      return failed(404, `Invalid URL (${call.method} ${call.path})`)
    switch (endpoint) {
      case 'models':
        return listed(found[0])
      case 'images.generations':
        return images.answer(call, 'generations')
      case 'images.edits':
        return images.answer(call, 'edits')
      case 'embeddings':
        return embeddings(call)
      case 'files.create':
        return files.create(call)
      case 'files.list':
        return files.list(call)
      case 'files.get':
        return files.get(call, id)
      case 'files.delete':
        return files.remove(call, id)
      case 'files.content':
        return files.content(call, id)
      case 'chat':
        return turn(call, chat)
      case 'responses':
        return turn(call, respond)
    }
  }

  const fake = serveFake({ routes: ROUTES, host, refuse, enter, answer })
  return {
    ...fake,
    /** No faults any more. */
    clear(): void {
      fake.clearFaults()
      images.clear()
      host.manner({})
    },
    /** How the next calls that draw are answered, and how all are that come after. */
    draws: (...drawings: readonly Drawing[]): void => images.queue(drawings),
    alwaysDraws: (drawing: Drawing): void => images.stand(drawing),
    /** The files that are kept, and a way to lose one. */
    files: files.all,
    loseFile: files.forget,
  }
}
