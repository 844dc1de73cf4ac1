import { type Client, createClient } from '@libsql/client/web'

/** A page, or a batch, on a slow way. */
const CALL_MS = 60_000

/**
 * A libSQL server for a copy: a call may take longer than any turn could wait, but not for ever.
 *
 * @param exact whether whole numbers come as `bigint`, so that none is rounded
 */
export const openForCopy = (
  url: string,
  { authToken, exact }: { readonly authToken: string | undefined; readonly exact: boolean },
): Client =>
  createClient({
    url,
    ...(authToken !== undefined && { authToken }),
    ...(exact && { intMode: 'bigint' as const }),
    fetch: (request: Request) =>
      globalThis.fetch(request, { signal: AbortSignal.timeout(CALL_MS) }),
  })
