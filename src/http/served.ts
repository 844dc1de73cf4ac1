/** Who gave an answer, and how. */
export interface Served {
  readonly account: string
  readonly model: string
  readonly attempts: number
  readonly overheadMs: number
}

/** The headers by which a caller learns who served it. */
export const servedHeaders = (by: Served): Record<string, string> => ({
  'x-groxy-account': asHeader(by.account),
  'x-groxy-model': asHeader(by.model),
  'x-groxy-attempts': String(by.attempts),
  'x-groxy-overhead-ms': String(by.overheadMs),
})

/** An answer of a turn, as JSON or as server-sent events. */
interface Answered {
  readonly form: 'json' | 'events'
  readonly body: string | Uint8Array | ReadableStream<Uint8Array>
  readonly dropped?: readonly string[]
}

/** The response that carries an answer, and says who gave it where that is known already. */
export function answerResponse(
  { form, body, dropped }: Answered,
  by: Served | undefined,
): Response {
  const plain = form === 'json' ? JSON_HEADERS : EVENT_HEADERS
  if (!by) return new Response(body as BodyInit, { headers: plain })
  const headers = servedHeaders(by)
  for (const name in plain) headers[name] = plain[name] ?? ''
  if (dropped) headers['x-groxy-dropped'] = asHeader(namesOf(dropped))
  return new Response(body as BodyInit, { headers })
}

/** The header that names what of a request nobody was told; none where that is nothing. */
export const droppedHeaders = (dropped: readonly string[]): Record<string, string> =>
  dropped.length > 0 ? { 'x-groxy-dropped': asHeader(namesOf(dropped)) } : {}

/** Each once; clients make up names, and a header must not grow with them. */
const namesOf = (dropped: readonly string[]): string =>
  [...new Set(dropped)].join(', ').slice(0, MOST_NAMED)

const MOST_NAMED = 800

const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'application/json' }

/** `x-accel-buffering` keeps nginx from holding a stream back. */
export const EVENT_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
}

/** A header holds Latin letters only; a name may be anything, even half a sign. */
const asHeader = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
