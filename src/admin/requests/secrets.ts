const NAMES =
  'authorization|proxy-authorization|cookie|x-api-key|api[_-]?key|access[_-]?token|secret|password'

/** Members that hold what nobody but their owner should read: of tools that a client brought, for example. */
const MEMBER = new RegExp(String.raw`("(?:${NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?`, 'gi')

/** The same in a text that is JSON within JSON, as what a tool is called with: each quotation mark is escaped. */
const NESTED = new RegExp(
  String.raw`((\\{1,15})"(?:${NAMES})\2"\s*:\s*)\2"(?:[^"\\]|\2\\+"|\\+(?!["\\]))*(?:\2")?`,
  'gi',
)

/** What keys of upstreams, ours and tokens look like wherever they stand. */
const SECRET = /\b(?:sk-|xai-|groxy-admin-|eyJ[\w-]{10,}\.)[\w.-]{8,}/g

/** What was said, without what looks like a secret in it. */
export const masked = (text: string): string =>
  text
    .replace(MEMBER, '$1"…"')
    .replace(NESTED, '$1$2"…$2"')
    .replace(SECRET, (found) => `…${found.slice(-4)}`)
