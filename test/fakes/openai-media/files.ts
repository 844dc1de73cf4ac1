import { type Call, isForm } from '../media/calls'
import { createShelf, type Stored } from '../media/shelf'
import { failed, invalid, lacking } from './refusals'

interface OpenAiFile extends Stored {
  readonly purpose: string
}

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']
const KNOWN = ['file', 'purpose', 'expires_after[anchor]', 'expires_after[seconds]']

const shown = ({ id, filename, purpose, bytes, createdAt, expiresAt }: OpenAiFile) => ({
  ...{ id, object: 'file', bytes: bytes.length, created_at: createdAt, filename, purpose },
  ...(expiresAt !== undefined && { expires_at: expiresAt }),
  status: 'processed',
})

const missing = (id: string): Response => failed(404, `No such File object: ${id}`, { param: 'id' })

/** `/v1/files…` */
export function createFiles(now: () => number) {
  const servedAs = () => 'application/octet-stream'
  const shelf = createShelf<OpenAiFile>({ now, shown, missing, servedAs })

  function expiryOf({ body }: Call): number | undefined | Response {
    const anchor = body['expires_after[anchor]']
    const seconds = body['expires_after[seconds]']
    if (anchor === undefined && seconds === undefined) return undefined
    if (anchor !== 'created_at')
      return invalid('expires_after.anchor', 'The anchor must be created_at.')
    const count = Number(seconds)
    if (Number.isInteger(count) && count >= 3600 && count <= 2_592_000) return count
    return invalid('expires_after.seconds', 'Expected a value from 3600 to 2592000.')
  }

  function create(call: Call): Response {
    if (!isForm(call)) return failed(415, 'Unsupported content type.')
    const [file] = call.files
    if (file?.field !== 'file' || call.files.length !== 1) return lacking('file')
    const odd = call.parts.find((name) => !KNOWN.includes(name))
    if (odd) return invalid(odd, `Unknown parameter: '${odd}'.`, 'unknown_parameter')
    const { purpose } = call.body
    if (purpose === undefined) return lacking('purpose')
    if (!PURPOSES.some((known) => known === purpose))
      return invalid('purpose', `'${purpose}' is not one of ${PURPOSES.join(', ')}.`)
    const expiry = expiryOf(call)
    if (expiry instanceof Response) return expiry
    const createdAt = Math.floor(now() / 1000)
    const { filename, type, bytes } = file
    return shelf.keep({
      ...{ account: String(call.account), filename, type, bytes, createdAt },
      id: `file-${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`,
      ...{ purpose: String(purpose), expiresAt: expiry && createdAt + expiry },
    })
  }

  function list(call: Call): Response {
    const { query } = call
    const limit = Number(query.get('limit') ?? 10_000)
    if (!(limit >= 1 && limit <= 10_000)) return invalid('limit', 'Expected 1 to 10000.')
    const purpose = query.get('purpose')
    const ordered = shelf.own(call).filter((file) => purpose === null || file.purpose === purpose)
    const after = query.get('after')
    const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
    const data = ordered.slice(from, from + limit).map(shown)
    return Response.json({
      ...{ object: 'list', data, has_more: from + limit < ordered.length },
      ...{ first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null },
    })
  }

  return { create, list, ...shelf.answers }
}
