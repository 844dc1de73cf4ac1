import { TimeUp } from '../net/http'
import type { Kind } from '../pool/account'
import type { Settings } from '../store/settings'
import type { Upstream } from '../upstream/upstream'

const TIMEOUT_MS = 15_000

/** What accounts are asked through, and by which settings. */
export interface Asking {
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly settings: Settings
  /** Whether calls can go through a proxy here: not on Workers. */
  readonly canProxy?: boolean | undefined
  /** Ends the asking. */
  readonly signal?: AbortSignal | undefined
}

/** Ask an upstream something, but not for ever, and until the signal aborts. */
export async function inTime<T>(
  ask: (abort: AbortController) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const abort = new AbortController()
  const late = new TimeUp(`The upstream did not answer within ${TIMEOUT_MS / 1000} s.`)
  const stop = (reason: unknown = signal?.reason) => abort.abort(reason)
  const timer = setTimeout(stop, TIMEOUT_MS, late)
  const leave = () => stop()
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) stop()
  try {
    return await ask(abort)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  }
}
