import { ApiError } from '../errors'
import type { Key } from '../store/keys'

const MINUTE_MS = 60_000

interface Counter {
  running: number
  minute: number
  turns: number
}

/** Holds keys to what they may do: models, turns a minute, turns at once. */
export function createAdmission(now: () => number) {
  const counters = new Map<string, Counter>()

  function counterOf(key: Key): Counter {
    const known = counters.get(key.id)
    if (known) return known
    const counter = { running: 0, minute: 0, turns: 0 }
    counters.set(key.id, counter)
    return counter
  }

  return {
    /**
     * Let a turn in. What it returns is to be called when the turn is over.
     *
     * @throws ApiError 403 or 429, the latter with `Retry-After`
     */
    enter(key: Key, model: string): () => void {
      const { models, requestsPerMinute, concurrency } = key
      if (models && !models.includes(model))
        throw new ApiError('model_not_allowed', `This API key may not use the model '${model}'.`, {
          param: 'model',
        })
      const counter = counterOf(key)
      const at = now()
      const minute = Math.floor(at / MINUTE_MS)
      if (counter.minute !== minute) {
        counter.minute = minute
        counter.turns = 0
      }
      if (requestsPerMinute !== null && counter.turns >= requestsPerMinute)
        throw new ApiError(
          'rate_limit_exceeded',
          `This API key may make ${requestsPerMinute} requests a minute.`,
          { retryAfter: Math.ceil(((minute + 1) * MINUTE_MS - at) / 1000) },
        )
      if (concurrency !== null && counter.running >= concurrency)
        throw new ApiError(
          'rate_limit_exceeded',
          `This API key may make ${concurrency} requests at once.`,
          { retryAfter: 1 },
        )
      counter.turns++
      counter.running++
      let left = false
      return () => {
        if (left) return
        left = true
        counter.running--
      }
    },
  }
}

export type Admission = ReturnType<typeof createAdmission>
