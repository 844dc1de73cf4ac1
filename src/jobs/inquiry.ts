import type { Account, Kind } from '../pool/account'
import type { UpstreamModel } from '../store/model-lists'
import type { Upstream } from '../upstream/upstream'

/** Upstreams that background work asks at the same time. */
export const PARALLEL = 8
const TIMEOUT_MS = 15_000

/** Ask an account's upstream for its models, for a limited time and until the signal aborts. */
export async function askModels(
  upstreams: Readonly<Record<Kind, Upstream>>,
  account: Account,
  signal: AbortSignal,
): Promise<readonly UpstreamModel[]> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  const timer = setTimeout(stop, TIMEOUT_MS)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await upstreams[account.kind].models(account, abort)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
