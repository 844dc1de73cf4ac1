import { ApiError } from '../../errors'
import { textOf } from '../../operator/account-import'

/** The largest file of accounts. */
export const LARGEST_IMPORT = 32 * 1024 * 1024
/** What a form has beside its file. */
const ROOM = 64 * 1024

/**
 * The fields of a form that may bring a file, and the text of that file.
 *
 * @throws ApiError `body_too_large`
 */
export async function readUpload(
  request: Request,
): Promise<{ readonly form: FormData; readonly text: string }> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request.body ?? []) {
    size += piece.length
    if (size > LARGEST_IMPORT + ROOM)
      throw new ApiError('body_too_large', 'A file of accounts has 32 MB at most.')
    pieces.push(piece)
  }
  const type = request.headers.get('content-type') ?? ''
  const body = new Response(new Blob(pieces as BlobPart[]), { headers: { 'content-type': type } })
  const form = await body.formData().catch((cause) => {
    throw new ApiError('invalid_value', 'That is no form.', { cause })
  })
  const file = form.get('file')
  const isFile = file !== null && typeof file !== 'string' && file.size > 0
  return {
    form,
    text: isFile
      ? textOf(new Uint8Array(await file.arrayBuffer()))
      : String(form.get('text') ?? ''),
  }
}
