import { isObject, isText, type Json } from '../../json-value'

/** The parts that OpenAI's stored messages have. */
const SHOWN = new Set(['text', 'image_url'])

/** A stored message as OpenAI's API lists it: its content as one text, and its parts besides. */
export function shownMessage({ id, role, content, refusal, audio: _, ...rest }: Json): Json {
  const parts = Array.isArray(content) ? content.filter(isObject) : undefined
  const given = Object.entries(rest).filter(([, value]) => value !== null)
  return {
    id,
    role,
    content: parts ? textOf(parts) : (content ?? null),
    refusal: refusal ?? (parts && refusalOf(parts)) ?? null,
    content_parts: parts?.filter(({ type }) => SHOWN.has(String(type))) ?? null,
    ...Object.fromEntries(given),
  }
}

const textOf = (parts: readonly Json[]): string | null =>
  joined(parts.map(({ type, text }) => (type === 'text' ? text : undefined)))

const refusalOf = (parts: readonly Json[]): string | null =>
  joined(parts.map(({ refusal }) => refusal))

function joined(texts: readonly unknown[]): string | null {
  const said = texts.filter(isText)
  return said.length > 0 ? said.join('\n') : null
}
