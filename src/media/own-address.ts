import { ApiError } from '../errors'
import { type FetchLimits, withinLimits } from '../net/fetch-guard'
import type { Links } from './links'

interface OwnAddressParts {
  readonly links: Pick<Links, 'check'>
  /** All bytes of something, by its name. */
  readonly download: (name: string, most: number) => Promise<Uint8Array<ArrayBuffer>>
}

interface Terms extends FetchLimits {
  /** Where addresses of ours begin for whoever sends it. */
  readonly origin: string
}

/**
 * Reads pictures by the addresses that we have given them, without a way through the network: from within
 * it, our own address may be a private one.
 */
export function createOwnReader({ links, download }: OwnAddressParts) {
  async function load(name: string, { maxBytes, param }: FetchLimits) {
    try {
      return await download(name, maxBytes)
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      throw new ApiError('invalid_value', `'${param}' leads to nothing: ${cause.message}`, {
        ...{ param, upstreamCode: 'url_not_reachable', cause },
      })
    }
  }

  /**
   * @throws ApiError 400 when its bytes are not to be had: it is the fault of the address
   */
  return async (
    url: string,
    { origin, ...limits }: Terms,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const beginning = `${origin}/images/`
    if (!url.startsWith(beginning)) return
    const [name = '', query = ''] = url.slice(beginning.length).split('?')
    const { isGood } = await links.check(name, 'image', new URLSearchParams(query))
    return isGood ? withinLimits(limits, () => load(name, limits)) : undefined
  }
}

/** Gives what is behind an address of ours; undefined for any other. */
export type ReadOwn = ReturnType<typeof createOwnReader>
