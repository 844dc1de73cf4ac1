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

/** A header holds Latin letters only; a name may be anything. */
const asHeader = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text)
