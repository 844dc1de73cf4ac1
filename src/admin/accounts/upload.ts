import { ApiError } from '../../errors'
import { textOf } from '../../operator/account-import'
import { readBytes } from '../form'

/** The largest file of accounts. */
export const LARGEST_IMPORT = 32 * 1024 * 1024
export const TOO_LARGE = 'A file of accounts has 32 MB at most.'
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
  const bytes = await readBytes(request, LARGEST_IMPORT + ROOM, TOO_LARGE)
  const type = request.headers.get('content-type') ?? ''
  const body = new Response(bytes, { headers: { 'content-type': type } })
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
