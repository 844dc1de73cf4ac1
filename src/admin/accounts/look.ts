import { ApiError, SetupError } from '../../errors'
import { type Pasted, readPasted, readPastedFile } from '../../operator/pasted'
import type { AccountKind } from '../../store/accounts'

/** @throws ApiError that says why a text is nothing that Groxy knows */
export function look(text: string, kind?: AccountKind): Pasted {
  try {
    return readPasted(text, kind)
  } catch (cause) {
    throw unknown(cause)
  }
}

/** The same for what may be a large file. */
export const lookThrough = (text: string): Promise<Pasted> =>
  readPastedFile(text).catch((cause) => {
    throw unknown(cause)
  })

function unknown(cause: unknown): unknown {
  if (!(cause instanceof SetupError)) return cause
  return new ApiError('invalid_value', `${cause.message} ${cause.remedy}`.trim(), { param: 'text' })
}

/** Why there is no account in a text. */
export function unread({ places }: Pick<Pasted, 'places'>): ApiError {
  const [bad] = places.flatMap((place) => ('problem' in place ? [place.problem] : []))
  return new ApiError('invalid_value', bad ?? 'There is no account in that text.', {
    param: 'text',
  })
}
