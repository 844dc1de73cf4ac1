/** A controller that is aborted with a signal, and may be aborted before it. */
export function linkedAbort(signal: AbortSignal): AbortController {
  const abort = new AbortController()
  if (signal.aborted) abort.abort(signal.reason)
  else
    signal.addEventListener('abort', () => abort.abort(signal.reason), {
      once: true,
      signal: abort.signal,
    })
  return abort
}
