import { ApiError } from '../../errors'
import { type FileSink, streamForm } from '../../http/form'
import { listBody, readPage } from '../../http/page'
import type { FileDraft, Files, StoredFile } from '../../media/files'
import type { Settings } from '../../store/settings'
import { letGo } from '../../stream/bytes'
import { readLifetimeMs, readPurpose, wrong } from './request'
import type { FileObject } from './schema'

interface FilesApiParts {
  readonly files: Files
  readonly settings: () => Settings
}

const MB = 1024 * 1024
/** What OpenAI gives at once, and usually. */
const LISTED = { most: 10_000, usual: 10_000 }

/** `/v1/files` behind its routes. */
export function createFilesApi({ files, settings }: FilesApiParts) {
  return {
    /** `POST /v1/files`: the file is stored while it comes, and is there when all of its form is right. */
    async create(keyId: string, request: Request): Promise<Response> {
      let draft: FileDraft | undefined
      const fields = await streamForm(request, {
        maxFileBytes: settings().file_max_mb * MB,
        async onFile({ field, filename, type }): Promise<FileSink> {
          if (field !== 'file' || draft) throw wrong(field, 'is one file too many')
          const named = { filename: filename || 'file', type, purpose: '', expiresAt: null }
          const begun = await files.begin(keyId, named)
          draft = begun
          return {
            async write(bytes) {
              await begun.write(bytes)
              letGo(bytes)
            },
            abort: begun.abort,
          }
        },
      })
      try {
        const purpose = readPurpose(fields)
        const lifetimeMs = readLifetimeMs(fields)
        if (!draft) throw wrong('file', 'must be a file')
        return Response.json(shown(await draft.finish({ purpose, lifetimeMs })))
      } catch (cause) {
        await draft?.abort().catch(() => {})
        throw cause
      }
    },

    /** `GET /v1/files` */
    async list(keyId: string, query: URLSearchParams): Promise<Response> {
      const page = readPage(query, 'desc', LISTED)
      const purpose = query.get('purpose') || undefined
      const { data, hasMore } = await files.list(keyId, { ...page, purpose })
      return Response.json(listBody(data.map(shown), hasMore))
    },

    /** `GET /v1/files/{id}` */
    async get(keyId: string, id: string): Promise<Response> {
      return Response.json(shown(await known(keyId, id)))
    },

    /**
     * `GET /v1/files/{id}/content`: never anything that a browser would show or run, whatever the file is,
     * since the page of the operator has the same origin.
     */
    async content(keyId: string, id: string): Promise<Response> {
      const file = await known(keyId, id)
      const content = await files.open(file)
      return new Response(content, {
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(file.bytes),
          'content-disposition': attachment(file.filename),
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'; sandbox",
          'cache-control': 'private, no-store',
        },
      })
    },

    /** `DELETE /v1/files/{id}` */
    async remove(keyId: string, id: string): Promise<Response> {
      if (!(await files.remove(keyId, id))) throw unknownFile(id)
      return Response.json({ id, object: 'file', deleted: true })
    },
  }

  async function known(keyId: string, id: string): Promise<StoredFile> {
    const file = await files.find(keyId, id)
    if (!file) throw unknownFile(id)
    return file
  }
}

export type FilesApi = ReturnType<typeof createFilesApi>

const unknownFile = (id: string) =>
  new ApiError('not_found', `There is no file '${id.slice(0, 100)}'.`, { param: 'id' })

const shown = ({ id, bytes, createdAt, expiresAt, filename, purpose }: StoredFile): FileObject => ({
  id,
  object: 'file',
  bytes,
  created_at: Math.floor(createdAt / 1000),
  ...(expiresAt !== null && { expires_at: Math.floor(expiresAt / 1000) }),
  filename,
  purpose,
  status: 'processed',
})

/** Old clients get the letters that they know, all others the name as it is. */
function attachment(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
