import { ApiError } from '../errors'
import type { Bucket } from '../store/allowances'
import type { Key } from '../store/keys'
import type { LedgerEntry } from '../store/ledger'
import { mayUse } from './allow-list'
import type { Need } from './counter'
import type { Counters } from './counters'
import { createEstimate, type Demand, type Estimate, type EstimateParts } from './demand'
import { refusalOf } from './refusal'
import { windowAt } from './window'

/** A turn that was not let in. */
type Refused = Pick<LedgerEntry, 'requestId' | 'keyId' | 'endpoint' | 'model' | 'stream'>

interface AdmissionParts extends EstimateParts {
  readonly counters: Counters
  readonly now: () => number
  /** Takes each turn that is not let in, and why. */
  readonly onRefusal: (turn: Refused, why: ApiError) => void
}

/** What a turn came to, as the ledger has it. */
export interface Ending
  extends Pick<
    LedgerEntry,
    'outcome' | 'inputTokens' | 'outputTokens' | 'usageSource' | 'costTicks'
  > {
  /** How many pictures or videos came of it; as many as were foreseen if absent. */
  readonly count?: number
}

/** Of what was let in and never begun. */
export const NEVER_BEGUN: Ending = {
  outcome: 'failed',
  inputTokens: 0,
  outputTokens: 0,
  usageSource: 'none',
  costTicks: null,
}

/** What a turn that was let in holds of its key's limits, until it is over. */
export interface Ticket {
  /** Give back what the turn did not use. Only the first call counts. */
  readonly settle: (ending: Ending) => void
}

interface Limit {
  readonly bucket: Bucket
  readonly limit: number
}

const NOTHING: readonly Limit[] = []
const FREE: Ticket = { settle() {} }

/** Holds keys to what they may do: models, turns, tokens and money in their windows. */
export function createAdmission(parts: AdmissionParts) {
  const { counters, now, onRefusal } = parts
  const estimate = createEstimate(parts)

  function ticketOf(needs: readonly Need[]): Ticket {
    let isOver = false
    return {
      settle(ending) {
        if (isOver) return
        isOver = true
        for (const need of needs) counters.settle(need, usedOf(need, ending))
      },
    }
  }

  function refuse({ id }: Key, demand: Demand, why: ApiError): never {
    const { requestId, stream } = demand
    const [endpoint, model] = [shortened(demand.endpoint), shortened(demand.model)]
    onRefusal({ requestId, keyId: id, endpoint, model, stream }, why)
    throw why
  }

  return {
    /** Turn a turn away for a reason that its demand does not tell. */
    refuse,

    /**
     * Let a turn in: at once, unless the database has to be asked for more of a limit.
     *
     * @throws ApiError 403 or 429, the latter with `Retry-After`; then nothing is held
     */
    enter(key: Key, demand: Demand): Ticket | Promise<Ticket> {
      if (!mayUse(key, demand.model)) refuse(key, demand, notAllowed(demand.model))
      const limits = limitsOf(key)
      if (limits === NOTHING) return FREE
      const needs: Need[] = []
      const estimated = estimate(key, demand)
      for (const { bucket, limit } of limits) {
        const amount = amountOf(bucket, estimated)
        if (amount > 0) needs.push({ counter: counters.counterOf(key.id, bucket, limit), amount })
      }
      const lacking = counters.take(needs)
      if (lacking instanceof Promise)
        return lacking.then((late) => {
          if (late) refuse(key, demand, refusalOf(late, now()))
          return ticketOf(needs)
        })
      if (lacking) refuse(key, demand, refusalOf(lacking, now()))
      return ticketOf(needs)
    },

    /** Say on an answer what is left of the key's requests and tokens a minute, as OpenAI does. */
    describe(key: Key, headers: Headers): void {
      if (key.requestsPerMinute === null && key.tokensPerMinute === null) return
      const at = now()
      const reset = durationOf(windowAt('requests', at, 0).endsAt - at)
      for (const { bucket, limit } of limitsOf(key)) {
        if (bucket !== 'requests' && bucket !== 'tokens') continue
        const counter = counters.peek(key.id, bucket)
        const taken = counter ? counter.others + counter.used + counter.reserved : 0
        headers.set(`x-ratelimit-limit-${bucket}`, String(limit))
        headers.set(`x-ratelimit-remaining-${bucket}`, String(Math.max(0, limit - taken)))
        headers.set(`x-ratelimit-reset-${bucket}`, reset)
      }
    },
  }
}

export type Admission = ReturnType<typeof createAdmission>

const notAllowed = (model: string) =>
  new ApiError(
    'model_not_allowed',
    `This API key may not use the model '${model.slice(0, 200)}'.`,
    { param: 'model' },
  )

const LONGEST_NAME = 200

/** A part of a text keeps all of it in memory, so that a flood of long names would; a copy does not. */
const shortened = (name: string): string =>
  name.length > LONGEST_NAME ? [...name.slice(0, LONGEST_NAME)].join('') : name

const known = new WeakMap<Key, readonly Limit[]>()

/** What limits a key, with what takes longest to return first: that is what a refusal names. */
function limitsOf(key: Key): readonly Limit[] {
  const cached = known.get(key)
  if (cached) return cached
  const all: readonly (readonly [Bucket, number | null])[] = [
    ['cost-month', key.monthlyCostTicks],
    ['cost', key.dailyCostTicks],
    ['heavy', key.dailyHeavy],
    ['chat', key.dailyChat],
    ['image', key.dailyImage],
    ['video', key.dailyVideo],
    ['tokens', key.tokensPerMinute],
    ['requests', key.requestsPerMinute],
    ['concurrency', key.concurrency],
  ]
  const limits = all.flatMap(([bucket, limit]) => (limit === null ? [] : [{ bucket, limit }]))
  const found = limits.length > 0 ? limits : NOTHING
  known.set(key, found)
  return found
}

/** Tokens and money that nobody could foresee still need something to be left. */
function amountOf(bucket: Bucket, { feature, count, tokens, costTicks }: Estimate): number {
  if (bucket === 'concurrency' || bucket === 'requests') return 1
  if (bucket === 'tokens') return Math.max(1, tokens)
  if (bucket === 'cost' || bucket === 'cost-month') return Math.max(1, costTicks)
  if (bucket === feature) return count
  return bucket === 'chat' && feature === 'heavy' ? count : 0
}

/** What a turn really took. What nobody reported counts as it was foreseen, unless the turn failed. */
function usedOf({ counter: { bucket }, amount }: Need, ending: Ending): number {
  const foreseen = ending.outcome === 'failed' ? 0 : amount
  if (bucket === 'concurrency') return 0
  if (bucket === 'tokens')
    return ending.usageSource === 'none' ? foreseen : ending.inputTokens + ending.outputTokens
  if (bucket === 'cost' || bucket === 'cost-month') return ending.costTicks ?? foreseen
  if (bucket === 'image' || bucket === 'video') return Math.min(foreseen, ending.count ?? foreseen)
  return foreseen
}

/** A span as OpenAI writes it: `60ms`, `6s`, `1m0s`. */
export function durationOf(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
