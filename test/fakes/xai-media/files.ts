import { randomUUID } from 'node:crypto'
import { type Call, isForm } from '../media/calls'
import { missing, refuse } from './refusals'

interface Stored {
  readonly account: string
  readonly id: string
  readonly filename: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly createdAt: number
  readonly expiresAt: number | null
}

const LARGEST = 50_000_000

const shown = ({ id, filename, bytes, createdAt, expiresAt }: Stored) => ({
  ...{ id, object: 'file', bytes: bytes.length, created_at: createdAt, expires_at: expiresAt },
  ...{ filename, purpose: '' },
})

/** `/v1/files…` */
export function createFiles(now: () => number) {
  const files = new Map<string, Stored>()

  const find = (account: string | undefined, id: string): Stored | undefined => {
    const file = files.get(id)
    if (!file || file.account !== account) return undefined
    return (file.expiresAt ?? Number.MAX_VALUE) > now() / 1000 ? file : undefined
  }

  function expiryOf({ body, parts }: Call): number | null | Response {
    if (body.expires_after === undefined) return null
    if (parts.indexOf('expires_after') > parts.indexOf('file'))
      return refuse(400, 'expires_after must precede file.')
    const seconds = Number(body.expires_after)
    if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 2_592_000)
      return refuse(400, 'expires_after must be between 3600 and 2592000.')
    return seconds
  }

  function create(call: Call): Response {
    if (!isForm(call)) return refuse(415, 'Expected a multipart body.')
    const [file] = call.files
    if (file?.field !== 'file') return refuse(400, 'The part `file` is missing.')
    const known = ['expires_after', 'file', 'purpose', 'team_id']
    const odd = call.parts.find((name) => !known.includes(name))
    if (odd) return refuse(400, `The part ${odd} is not known.`)
    const expiry = expiryOf(call)
    if (expiry instanceof Response) return expiry
    if (file.bytes.length > LARGEST) return refuse(413, 'A file may have 50 MB at most.')
    const createdAt = Math.floor(now() / 1000)
    const stored: Stored = {
      ...{ account: String(call.account), id: `file_${randomUUID()}`, createdAt },
      ...{ filename: file.filename, type: file.type, bytes: file.bytes },
      expiresAt: expiry === null ? null : createdAt + expiry,
    }
    files.set(stored.id, stored)
    return Response.json(shown(stored))
  }

  function list({ account, query }: Call): Response {
    const limit = Number(query.get('limit') ?? 100)
    if (!(limit >= 1 && limit <= 100)) return refuse(400, 'limit must be between 1 and 100.')
    const from = Number(atob(query.get('pagination_token') ?? btoa('0')))
    const own = [...files.values()].filter(({ id }) => find(account, id))
    const ordered = query.get('order') === 'asc' ? own : own.reverse()
    const next = from + limit < ordered.length ? btoa(String(from + limit)) : null
    const data = ordered.slice(from, from + limit).map(shown)
    return Response.json({ data, pagination_token: next })
  }

  const one = ({ account }: Call, id: string, answer: (file: Stored) => Response): Response => {
    const file = find(account, id)
    return file ? answer(file) : missing(`The file ${id}`)
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
      one(
        call,
        id,
        ({ bytes, type }) => new Response(bytes, { headers: { 'content-type': type } }),
      ),
    bytesOf: (account: string, id: string) => find(account, id)?.bytes,
    /** Everything that is there, of all accounts. */
    all: (): readonly Stored[] => [...files.values()],
    /** As if it had expired. */
    forget: (id: string): boolean => files.delete(id),
  }
}
