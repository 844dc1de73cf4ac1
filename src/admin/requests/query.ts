import { ApiError } from '../../errors'
import type { LedgerRow } from '../../store/ledger'

export const OUTCOMES = ['done', 'failed', 'broken', 'gone'] as const

/** What can be said of the requests that are looked for, by the names that an address has for it. */
export const FILTERS = [
  'outcome',
  'status',
  'endpoint',
  'model',
  'key',
  'account',
  'kind',
  'code',
  'request_id',
  'since',
  'until',
] as const
export type FilterName = (typeof FILTERS)[number]

/** What was said, as it was said. */
export type Given = Partial<Readonly<Record<FilterName, string>>>

/** The same as it is meant; keys and accounts are still named. */
export interface Wanted {
  readonly outcomes?: readonly LedgerRow['outcome'][] | undefined
  readonly status?: readonly [first: number, last: number] | undefined
  readonly endpoint?: string | undefined
  readonly model?: string | undefined
  readonly key?: string | undefined
  readonly account?: string | undefined
  readonly kind?: string | undefined
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/** What of it cannot be meant. */
export type Problems = Partial<Readonly<Record<FilterName, 'outcome' | 'status' | 'time'>>>

interface When {
  readonly now: number
  readonly zoneMinutes: number
}

const LONGEST = 200

/** What an address says of the requests that are looked for. */
export function readGiven(params: URLSearchParams): Given {
  const given: Partial<Record<FilterName, string>> = {}
  for (const name of FILTERS) {
    const text = params.get(name)?.trim().slice(0, LONGEST)
    if (text) given[name] = text
  }
  return given
}

/** What is meant by it, and what of it cannot be. */
export function readWanted(
  given: Given,
  when: When,
): { readonly wanted: Wanted; readonly problems: Problems } {
  const problems: { -readonly [K in keyof Problems]: Problems[K] } = {}
  const { outcome, status, endpoint, model, key, account, kind, code } = given
  const outcomes = outcome === undefined ? undefined : outcomesOf(outcome)
  if (outcome !== undefined && !outcomes) problems.outcome = 'outcome'
  const statuses = status === undefined ? undefined : statusesOf(status)
  if (status !== undefined && !statuses) problems.status = 'status'
  const time = (name: 'since' | 'until') => {
    const text = given[name]
    const at = text === undefined ? undefined : timeOf(text, when)
    if (text !== undefined && at === undefined) problems[name] = 'time'
    return at
  }
  const wanted = {
    ...{ outcomes, status: statuses, endpoint, model, key, account, kind, code },
    requestId: given.request_id,
    since: time('since'),
    until: time('until'),
  }
  return { wanted, problems }
}

const PROBLEMS = {
  outcome: `is one of ${OUTCOMES.join(', ')} and problem`,
  status: 'is a status such as 429, or a class of them such as 5xx',
  time: 'is a time in seconds since 1970, as 2026-11-21T16:00, or a span such as 15m, 1h or 7d',
} as const

/** @throws ApiError that names the first that cannot be meant */
export function refuseProblems(problems: Problems): void {
  for (const name of FILTERS) {
    const problem = problems[name]
    if (problem)
      throw new ApiError('invalid_value', `"${name}" ${PROBLEMS[problem]}.`, { param: name })
  }
}

/** The same as a part of an address. */
export function searchOf(given: Given, more: Readonly<Record<string, string | undefined>> = {}) {
  const params = new URLSearchParams()
  for (const name of FILTERS) if (given[name]) params.set(name, given[name])
  for (const [name, value] of Object.entries(more)) if (value) params.set(name, value)
  return params.size > 0 ? `?${params}` : ''
}

function outcomesOf(text: string): readonly LedgerRow['outcome'][] | undefined {
  if (text === 'problem') return ['failed', 'broken']
  const found = OUTCOMES.find((one) => one === text)
  return found && [found]
}

function statusesOf(text: string): readonly [number, number] | undefined {
  const [, hundreds] = /^([1-5])xx$/i.exec(text) ?? []
  if (hundreds) return [Number(hundreds) * 100, Number(hundreds) * 100 + 99]
  return /^[1-5]\d\d$/.test(text) ? [Number(text), Number(text)] : undefined
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Seconds since 1970, a span before now, or a time in the operator's zone. */
function timeOf(text: string, { now, zoneMinutes }: When): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count) return now - Number(count) * UNITS[unit as keyof typeof UNITS]
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(text)) return
  const local = Date.parse(`${text}Z`)
  return Number.isNaN(local) ? undefined : local - zoneMinutes * UNITS.m
}
