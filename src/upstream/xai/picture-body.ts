import { bodyOf, type Piece } from '../../stream/pieces'
import type { PictureInput } from '../../turn/picture'
import type { AccountCall } from '../openai/call'

/** A picture or several, by the name that xAI has for them. */
export type PictureMember = readonly [name: string, PictureInput | readonly PictureInput[]]

/** A JSON body with pictures, which are not copied as a whole. */
export function withPictures(
  fields: object,
  members: readonly PictureMember[],
): Pick<AccountCall, 'body' | 'length'> {
  const text = JSON.stringify(fields)
  if (members.length === 0) return { body: text }
  const pieces: Piece[] = [text.slice(0, -1)]
  for (const [name, given] of members)
    if ('bytes' in given) pieces.push(`,"${name}":`, ...written(given))
    else pieces.push(`,"${name}":[`, ...given.flatMap(writtenInList), ']')
  const { length, stream } = bodyOf([...pieces, '}'])
  return { length, body: stream() }
}

const written = ({ mime, bytes }: PictureInput): readonly Piece[] => [
  `{"url":"data:${mime};base64,`,
  { base64: bytes },
  '"}',
]

const writtenInList = (picture: PictureInput, at: number): readonly Piece[] =>
  at === 0 ? written(picture) : [',', ...written(picture)]
