import { isObject, type Json } from '../grok-web/checks'
import type { Call } from '../media/calls'
import { embedded, inputsOf } from '../media/embeddings'
import { type Route, serveFake } from '../media/fake'
import { createHost } from '../media/host'
import { attachedTo, chat as hello, partsOf, respond } from '../media/turns'
import { refusedChat, refusedResponses } from '../xai-rules'
import { createFiles } from './files'
import { createImages, type Drawing, modelOf } from './images'
import { model, models, modelsOf, sortOf } from './models'
import { missing, refuse } from './refusals'
import { createVideos, type Filming, KINDS } from './videos'

export type { Call } from '../media/calls'
export { type Fault, faults } from '../media/faults'
export { filmOf } from '../media/films'
export { jpeg } from '../media/jpeg'
export { gif, png, typeOf, webp } from '../media/pictures'
export type { Drawing } from './images'
export type { Filming } from './videos'

/** What a call can be for. */
export type Endpoint =
  | 'models'
  | 'images.generations'
  | 'images.edits'
  | 'images.get'
  | 'videos.generations'
  | 'videos.edits'
  | 'videos.extensions'
  | 'videos.get'
  | 'files.create'
  | 'files.list'
  | 'files.get'
  | 'files.delete'
  | 'files.content'
  | 'embeddings'
  | 'chat'
  | 'responses'

interface Options {
  /** Keys that are known, each an account; by default each key is one. */
  readonly keys?: readonly string[]
  readonly now?: () => number
}

const ROUTES: readonly Route<Endpoint>[] = [
  ['models', 'GET', /^\/v1\/(models|[a-z]+(?:-generation)?-models)(?:\/(.+))?$/],
  ['images.generations', 'POST', /^\/v1\/images\/generations$/],
  ['images.edits', 'POST', /^\/v1\/images\/edits$/],
  ['images.get', 'GET', /^\/v1\/images\/([^/]+)$/],
  ...KINDS.map(
    (kind): Route<Endpoint> => [`videos.${kind}`, 'POST', new RegExp(`^/v1/videos/${kind}$`)],
  ),
  ['videos.get', 'GET', /^\/v1\/videos\/([^/]+)$/],
  ['files.create', 'POST', /^\/v1\/files$/],
  ['files.list', 'GET', /^\/v1\/files$/],
  ['files.content', 'GET', /^\/v1\/files\/([^/]+)\/content$/],
  ['files.get', 'GET', /^\/v1\/files\/([^/]+)$/],
  ['files.delete', 'DELETE', /^\/v1\/files\/([^/]+)$/],
  ['embeddings', 'POST', /^\/v1\/embeddings$/],
  ['chat', 'POST', /^\/v1\/chat\/completions$/],
  ['responses', 'POST', /^\/v1\/responses$/],
]

/**
 * xAI's API as far as it makes media and keeps files, a real server, written from xai-api.md and
 * xai-types.d.ts alone. It refuses what xAI refuses, writes down what it was sent, and does wrong
 * what it is told to:
 *
 *     await using xai = fakeXaiMedia({ keys: ['key-1', 'key-2'] })
 *     xai.script('images.generations', faults.limited(2), faults.resets())
 *     xai.always({ endpoint: '*', account: 'key-2' }, faults.refused(503))
 *     xai.draws({ count: 1, manner: { body: '<svg/>', type: 'image/svg+xml' } })
 *     xai.films({ pollsUntilDone: 1, size: 1e9 })
 */
export function fakeXaiMedia({ keys, now = Date.now }: Options = {}) {
  const host = createHost(() => fake.origin)
  const files = createFiles(now)
  const parts = { host, findFile: files.bytesOf }
  const images = createImages(parts)
  const videos = createVideos(parts)

  /** Whose call it is; a refusal when nobody's. */
  function enter(headers: Headers): string | Response {
    const given = headers.get('authorization')
    if (given === null) return refuse(401, 'No API key was provided.')
    const key = /^Bearer (\S+)$/.exec(given)?.[1]
    if (key && (keys?.includes(key) ?? true)) return key
    return refuse(400, `Incorrect API key provided: ${key?.slice(0, 2)}***.`)
  }

  function embeddings({ body }: Call): Response {
    const id = modelOf(body, '', 'embedding')
    if (id instanceof Response) return id
    const inputs = inputsOf(body.input)
    if (!inputs) return refuse(422, 'input is not valid.')
    if (inputs.length > 128) return refuse(400, 'At most 128 inputs are supported.')
    const { dimensions = 16, encoding_format: format = 'float' } = body
    if (format !== 'float' && format !== 'base64')
      return refuse(422, 'encoding_format is not known.')
    if (!(Number(dimensions) >= 1 && Number(dimensions) <= 1024))
      return refuse(400, 'dimensions must be between 1 and 1024.')
    const isBase64 = format === 'base64'
    return embedded({ model: id, inputs, dimensions: Number(dimensions), isBase64 })
  }

  /** A turn whose files must be there. */
  function turn({ account, body }: Call, answer: (body: Json) => Response): Response {
    if (sortOf(body.model) !== 'language') return missing(`The model ${body.model}`)
    const lost = attachedTo(body).fileIds.find((id) => !files.bytesOf(String(account), id))
    return lost === undefined ? answer(body) : missing(`The file ${lost}`)
  }

  /** A chat knows files by their ids and addresses only: there are no bytes in it. */
  function chat(call: Call): Response {
    const bare = partsOf(call.body.messages).some(
      ({ type, file }) => type === 'file' && !(isObject(file) && (file.file_id ?? file.url)),
    )
    if (bare) return refuse(400, 'A file needs file_id or url.')
    return refusedChat(call.body) ?? turn(call, hello)
  }

  function listed(sort: string, id: string | undefined): Response {
    if (sort !== 'models') return modelsOf(sort.replace(/-models$/, ''))
    return id === undefined
      ? models()
      : (model(decodeURIComponent(id)) ?? missing(`The model ${id}`))
  }

  function answer(call: Call, endpoint: Endpoint, found: readonly string[]): Response {
    const [first = '', second] = found
    switch (endpoint) {
      case 'models':
        return listed(first, second)
      case 'images.generations':
        return images.answer(call, 'generations')
      case 'images.edits':
        return images.answer(call, 'edits')
      case 'images.get':
        return images.poll(call, first)
      case 'videos.generations':
        return videos.create(call, 'generations')
      case 'videos.edits':
        return videos.create(call, 'edits')
      case 'videos.extensions':
        return videos.create(call, 'extensions')
      case 'videos.get':
        return videos.poll(call, first)
      case 'files.create':
        return files.create(call)
      case 'files.list':
        return files.list(call)
      case 'files.get':
        return files.get(call, first)
      case 'files.delete':
        return files.remove(call, first)
      case 'files.content':
        return files.content(call, first)
      case 'embeddings':
        return embeddings(call)
      case 'chat':
        return chat(call)
      case 'responses':
        return refusedResponses(call.body) ?? turn(call, respond)
    }
  }

  const fake = serveFake({ routes: ROUTES, host, refuse, enter, answer })
  return {
    ...fake,
    /** No faults any more. */
    clear(): void {
      fake.clearFaults()
      images.clear()
      videos.clear()
      host.manner({})
    },
    /** How the next calls that draw are answered, and how all are that come after. */
    draws: (...drawings: readonly Drawing[]): void => images.queue(drawings),
    alwaysDraws: (drawing: Drawing): void => images.stand(drawing),
    /** How the next films are made, and how all are that come after. */
    films: (...filmings: readonly Filming[]): void => videos.queue(filmings),
    alwaysFilms: (filming: Filming): void => videos.stand(filming),
    /** The files that are kept, and a way to lose one. */
    files: files.all,
    loseFile: files.forget,
  }
}

export type FakeXaiMedia = ReturnType<typeof fakeXaiMedia>
