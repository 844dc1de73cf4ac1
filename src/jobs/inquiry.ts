/** Upstreams that background work asks at the same time. */
export const PARALLEL = 8
const TIMEOUT_MS = 15_000

/** Ask an account's upstream something, for a limited time and until the signal aborts. */
export async function inquire<T>(
  signal: AbortSignal,
  ask: (abort: AbortController) => Promise<T>,
): Promise<T> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  const timer = setTimeout(stop, TIMEOUT_MS)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await ask(abort)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
