import { randomUUID } from 'node:crypto'
import { type Call, isForm } from '../media/calls'
import { createShelf, type Stored } from '../media/shelf'
import { missing, refuse } from './refusals'

const LARGEST = 50_000_000

const shown = ({ id, filename, bytes, createdAt, expiresAt }: Stored) => ({
  ...{ id, object: 'file', bytes: bytes.length, created_at: createdAt, filename, purpose: '' },
  expires_at: expiresAt ?? null,
})

/** `/v1/files…` */
export function createFiles(now: () => number) {
  const shelf = createShelf<Stored>({
    ...{ now, shown, servedAs: ({ type }) => type },
    missing: (id) => missing(`The file ${id}`),
  })

  function expiryOf({ body, parts }: Call): number | undefined | Response {
    if (body.expires_after === undefined) return undefined
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
    return shelf.keep({
      ...{ account: String(call.account), id: `file_${randomUUID()}`, createdAt },
      ...{ filename: file.filename, type: file.type, bytes: file.bytes },
      expiresAt: expiry && createdAt + expiry,
    })
  }

  function list(call: Call): Response {
    const { query } = call
    const limit = Number(query.get('limit') ?? 100)
    if (!(limit >= 1 && limit <= 100)) return refuse(400, 'limit must be between 1 and 100.')
    const from = Number(atob(query.get('pagination_token') ?? btoa('0')))
    const ordered = shelf.own(call)
    const next = from + limit < ordered.length ? btoa(String(from + limit)) : null
    const data = ordered.slice(from, from + limit).map(shown)
    return Response.json({ data, pagination_token: next })
  }

  return { create, list, ...shelf.answers }
}
