import type { Shown } from '../../media/published'
import { withinLimits } from '../../net/fetch-guard'
import { asFault } from '../../net/http'
import type { Settings } from '../../store/settings'
import { sniff } from '../../stream/sniff'
import type { Picture } from './download'

/**
 * Read a picture that an answer needs as a whole; undefined when it cannot be had in time, or is none.
 *
 * @throws UpstreamFault when the answer itself is over
 */
export async function readPicture(
  { bytes }: Shown,
  { fetch_max_bytes: most, fetch_timeout_ms: timeoutMs }: Settings,
  signal: AbortSignal,
): Promise<Picture | undefined> {
  try {
    // It is fetched to its end all the same: for its address.
    const found = await withinLimits({ timeoutMs, signal, param: 'url' }, () => bytes(most))
    const content = sniff(found)
    if (content?.sort !== 'image') return
    return { mime: content.mime, base64: found.toBase64() }
  } catch {
    // The answer is worth more than one picture of it.
    if (signal.aborted) throw asFault(signal.reason, signal)
    return
  }
}
