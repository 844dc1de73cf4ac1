import { isObject, isText, type Json } from '../../json-value'
import type { TurnPart } from '../request'

/** Read what an item says: text, or parts of which each was checked before. */
export function readParts(content: unknown): readonly TurnPart[] {
  if (isText(content)) return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isObject).flatMap(readPart) : []
}

function readPart(part: Json): readonly TurnPart[] {
  switch (part.type) {
    case 'refusal':
      return [{ type: 'refusal', text: String(part.refusal) }]
    case 'input_image':
      return [
        {
          type: 'image',
          ...(isText(part.image_url) && { url: part.image_url }),
          ...(isText(part.file_id) && { fileId: part.file_id }),
          ...(isText(part.detail) && { detail: part.detail }),
        },
      ]
    case 'input_file':
      return [
        {
          type: 'file',
          ...(isText(part.file_id) && { fileId: part.file_id }),
          ...(isText(part.file_data) && { data: part.file_data }),
          ...(isText(part.file_url) && { url: part.file_url }),
          ...(isText(part.filename) && { filename: part.filename }),
        },
      ]
    case 'input_audio': {
      const audio = isObject(part.input_audio) ? part.input_audio : part
      return [{ type: 'audio', data: String(audio.data), format: String(audio.format) }]
    }
    default:
      return typeof part.text === 'string' ? [{ type: 'text', text: part.text }] : []
  }
}
