/** What an upstream says is left of a quota, by its rate-limit headers. */
export interface LimitReport {
  readonly bucket: string
  readonly limit: number
  readonly remaining: number
  /** When the window ends, in milliseconds since 1970. */
  readonly resetAt: number
}

const MEASURES = ['requests', 'tokens'] as const

/**
 * Read OpenAI's `x-ratelimit-*` headers, which count by model; servers that imitate it send them too.
 * Empty when there are none.
 */
export function readLimits(headers: Headers, model: string, now: number): readonly LimitReport[] {
  if (!headers.has('x-ratelimit-limit-requests') && !headers.has('x-ratelimit-limit-tokens'))
    return NONE
  return MEASURES.flatMap((measure) => {
    const limit = readCount(headers.get(`x-ratelimit-limit-${measure}`))
    const remaining = readCount(headers.get(`x-ratelimit-remaining-${measure}`))
    const resetMs = readDuration(headers.get(`x-ratelimit-reset-${measure}`))
    if (limit === undefined || remaining === undefined || resetMs === undefined) return NONE
    return [{ bucket: `${measure} ${model}`, limit, remaining, resetAt: now + resetMs }]
  })
}

/** How long until the quota that is used up is full again, in milliseconds. */
export function readReset(headers: Headers): number | undefined {
  const waits = MEASURES.filter(
    (measure) => readCount(headers.get(`x-ratelimit-remaining-${measure}`)) === 0,
  ).map((measure) => readDuration(headers.get(`x-ratelimit-reset-${measure}`)) ?? 0)
  const longest = Math.max(0, ...waits)
  return longest > 0 ? longest : undefined
}

const NONE: readonly LimitReport[] = []

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/

/** `6m0s`, `120ms`, or plain seconds, in milliseconds. */
function readDuration(text: string | null): number | undefined {
  if (text === null || text === '') return
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (!DURATION.test(text)) return
  let total = 0
  for (const [, amount, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (UNITS[unit] ?? 0)
  return total
}

function readCount(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
}
