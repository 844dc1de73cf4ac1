import { type Call, isForm } from '../media/calls'
import { failed, invalid, lacking } from './refusals'

interface Stored {
  readonly account: string
  readonly id: string
  readonly filename: string
  readonly purpose: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']
const KNOWN = ['file', 'purpose', 'expires_after[anchor]', 'expires_after[seconds]']

const shown = ({ id, filename, purpose, bytes, createdAt, expiresAt }: Stored) => ({
  ...{ id, object: 'file', bytes: bytes.length, created_at: createdAt, filename, purpose },
  ...(expiresAt !== undefined && { expires_at: expiresAt }),
  status: 'processed',
})

const missing = (id: string): Response => failed(404, `No such File object: ${id}`, { param: 'id' })

/** `/v1/files…` */
export function createFiles(now: () => number) {
  const files = new Map<string, Stored>()

  const find = (account: string | undefined, id: string): Stored | undefined => {
    const file = files.get(id)
    if (!file || file.account !== account) return undefined
    return (file.expiresAt ?? Number.MAX_VALUE) > now() / 1000 ? file : undefined
  }

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
    const stored: Stored = {
      ...{ account: String(call.account), filename, type, bytes, createdAt },
      id: `file-${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`,
      ...{ purpose: String(purpose), expiresAt: expiry && createdAt + expiry },
    }
    files.set(stored.id, stored)
    return Response.json(shown(stored))
  }

  function list({ account, query }: Call): Response {
    const limit = Number(query.get('limit') ?? 10_000)
    if (!(limit >= 1 && limit <= 10_000)) return invalid('limit', 'Expected 1 to 10000.')
    const purpose = query.get('purpose')
    const own = [...files.values()].filter(
      (file) => find(account, file.id) && (purpose === null || file.purpose === purpose),
    )
    const ordered = query.get('order') === 'asc' ? own : own.reverse()
    const after = query.get('after')
    const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
    const data = ordered.slice(from, from + limit).map(shown)
    return Response.json({
      ...{ object: 'list', data, has_more: from + limit < ordered.length },
      ...{ first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null },
    })
  }

  const one = ({ account }: Call, id: string, answer: (file: Stored) => Response): Response => {
    const file = find(account, id)
    return file ? answer(file) : missing(id)
  }

  return {
    create,
    list,
    get: (call: Call, id: string) => one(call, id, (file) => Response.json(shown(file))),
    remove: (call: Call, id: string) =>
      one(call, id, () => {
        files.delete(id)
        return Response.json({ id, object: 'file', deleted: true })
      }),
    content: (call: Call, id: string) =>
      one(call, id, ({ bytes }) => {
        const headers = { 'content-type': 'application/octet-stream' }
        return new Response(bytes, { headers })
      }),
    bytesOf: (account: string, id: string) => find(account, id)?.bytes,
    /** Everything that is there, of all accounts. */
    all: (): readonly Stored[] => [...files.values()],
    /** As if it had expired. */
    forget: (id: string): boolean => files.delete(id),
  }
}
