/** Members that hold what nobody but their owner should read: of tools that a client brought, for example. */
const MEMBER =
  /("(?:authorization|proxy-authorization|cookie|x-api-key|api[_-]?key|access[_-]?token|secret|password)"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi
/** What keys of upstreams, ours and tokens look like wherever they stand. */
const SECRET = /\b(?:sk-|xai-|groxy-admin-|eyJ[\w-]{10,}\.)[\w.-]{8,}/g

/** What was said, without what looks like a secret in it. */
export const masked = (text: string): string =>
  text.replace(MEMBER, '$1"…"').replace(SECRET, (found) => `…${found.slice(-4)}`)
