import { ApiError } from '../errors'
import { type FetchLimits, withinLimits } from '../net/fetch-guard'
import { folderAt, type Links } from './links'

type Bytes = Uint8Array<ArrayBuffer>

/** Loads what is kept here by its name, for a request that says its address. */
export const createOwnLoader =
  (download: (name: string, most: number) => Promise<Bytes>) =>
  /**
   * @throws ApiError 400 when its bytes are not to be had: it is the fault of the address, unless what
   * keeps them is away
   */
  (name: string, limits: FetchLimits): Promise<Bytes> =>
    withinLimits(limits, () =>
      download(name, limits.maxBytes).catch((cause) => {
        if (!(cause instanceof ApiError) || cause.code === 'not_ready') throw cause
        const { param } = limits
        throw new ApiError('invalid_value', `'${param}' leads to nothing: ${cause.message}`, {
          ...{ param, upstreamCode: 'url_not_reachable', cause },
        })
      }),
    )

export type LoadOwn = ReturnType<typeof createOwnLoader>

interface OwnReaderParts {
  readonly links: Pick<Links, 'check'>
  readonly loadOwn: LoadOwn
}

interface Terms extends FetchLimits {
  /** Where addresses of ours begin for whoever sends it. */
  readonly origin: string
}

/**
 * Reads pictures by the addresses that we have given them, without a way through the network: from within
 * it, our own address may be a private one.
 */
export const createOwnReader =
  ({ links, loadOwn }: OwnReaderParts) =>
  /**
   * @throws ApiError 400 when its bytes are not to be had
   */
  async (url: string, { origin, ...limits }: Terms): Promise<Bytes | undefined> => {
    const beginning = folderAt(origin, 'image')
    if (!url.startsWith(beginning)) return
    const [name = '', query = ''] = url.slice(beginning.length).split('?')
    const { isGood } = await links.check(name, 'image', new URLSearchParams(query))
    return isGood ? loadOwn(name, limits) : undefined
  }

/** Gives what is behind an address of ours; undefined for any other. */
export type ReadOwn = ReturnType<typeof createOwnReader>
