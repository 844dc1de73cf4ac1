import type { Links } from './links'

interface OwnAddressParts {
  readonly links: Pick<Links, 'check'>
  /** All bytes of something, by its name. */
  readonly download: (name: string, most: number) => Promise<Uint8Array<ArrayBuffer>>
}

interface Terms {
  /** Where addresses of ours begin for whoever sends it. */
  readonly origin: string
  /** The most bytes that it may have. */
  readonly most: number
}

/**
 * Reads pictures by the addresses that we have given them, without a way through the network: from within
 * it, our own address may be a private one.
 */
export const createOwnReader =
  ({ links, download }: OwnAddressParts) =>
  /** @throws ApiError when its bytes are not to be had */
  async (url: string, { origin, most }: Terms): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const beginning = `${origin}/images/`
    if (!url.startsWith(beginning)) return
    const [name = '', query = ''] = url.slice(beginning.length).split('?')
    const { isGood } = await links.check(name, 'image', new URLSearchParams(query))
    return isGood ? download(name, most) : undefined
  }
