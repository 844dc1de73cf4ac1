import type { FetchGuard } from '../../net/fetch-guard'
import { asFault, TimeUp } from '../../net/http'
import type { Settings } from '../../store/settings'
import { concatBytes } from '../../stream/bytes'
import { sniff } from '../../stream/sniff'
import { linkedAbort } from '../linked-abort'
import type { Session } from './session'

interface DownloadParts {
  readonly fetchPublic: FetchGuard
  readonly settings: () => Settings
  readonly assetsUrl: string
}

/** A picture that grok.com has made. */
export interface Picture {
  readonly mime: string
  readonly base64: string
}

/**
 * Downloads pictures that are shown once and not kept, such as previews: those of the asset host with
 * the session's cookies, those of other hosts without.
 */
export function createDownload({ fetchPublic, settings, assetsUrl }: DownloadParts) {
  const assets = new URL(assetsUrl).origin

  async function load(session: Session, url: string, abort: AbortController) {
    const { fetch_max_bytes: maxBytes, fetch_timeout_ms: timeoutMs } = settings()
    if (URL.parse(url)?.origin !== assets)
      return fetchPublic(url, { maxBytes, timeoutMs, signal: abort.signal, param: 'url' })
    const late = new TimeUp('The picture did not come in time.')
    const timer = setTimeout(() => abort.abort(late), timeoutMs)
    try {
      return await readBytes(await session.asset(url, { abort }), maxBytes)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The picture at an address; undefined when it cannot be had, or is none. */
  return async (session: Session, url: string): Promise<Picture | undefined> => {
    const { signal } = session
    const abort = linkedAbort(signal)
    try {
      const bytes = await load(session, url, abort)
      const found = sniff(bytes)
      if (found?.sort !== 'image') return
      return { mime: found.mime, base64: bytes.toBase64() }
    } catch {
      // The answer is worth more than one picture of it.
      if (signal.aborted) throw asFault(signal.reason, signal)
      return
    } finally {
      abort.abort()
    }
  }
}

/** @throws RangeError when there are more */
async function readBytes(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > most) throw new RangeError('The picture is too large.')
    pieces.push(piece)
  }
  return concatBytes(pieces)
}
