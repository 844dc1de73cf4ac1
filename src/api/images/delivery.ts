import { ApiError } from '../../errors'
import type { Publication, Published } from '../../media/published'
import { measure } from '../../stream/picture-size'
import { sniff } from '../../stream/sniff'
import type { MadePicture, PictureSize } from '../../turn/picture'

/** Keeps what was made, and gives it an address. */
export interface PictureCache {
  publish(publication: Publication): Promise<Published>
  keep(
    bytes: Uint8Array,
    whose: Omit<Belonging, 'origin'> & { readonly mostBytes: number },
  ): Promise<{ readonly name: string }>
  download(name: string, most: number): Promise<Uint8Array<ArrayBuffer>>
  linkOf(origin: string, name: string, sort: 'image'): Promise<string>
}

/** Whose a picture is, and where addresses begin for whoever asked for it. */
export interface Belonging {
  readonly accountId: string
  readonly keyId: string
  /** The model that made it, as its client called it. */
  readonly model: string
  readonly origin: string
}

/** A picture in the form that its client wants. */
export interface Delivered {
  readonly url?: string
  readonly base64?: string
  readonly revisedPrompt?: string
  /** What it is: `png`, `jpeg`, …; undefined where its bytes were not seen. */
  readonly format?: string
  readonly size?: PictureSize
}

/** The forms in which pictures are delivered: by their address, whole, or both. */
export type Form = 'url' | 'b64_json' | 'both'

/** What a picture may weigh that goes into an answer, or comes out of one, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024
/** Base64 of so many signs holds a header, but for a few pictures with much about them before it. */
const HEAD = 64 * 1024

/** Brings pictures into the form that is wanted, whichever form their upstreams give them. */
export function createDelivery(cache: PictureCache) {
  /** A picture that is at its upstream only. */
  async function fromAddress(url: string, belonging: Belonging, form: Form): Promise<Delivered> {
    const published = await cache.publish({ ...belonging, url, sort: 'image' })
    if (form === 'url') return { url: published.url }
    const bytes = await cache.download(published.name, MOST_BYTES)
    const base64 = bytes.toBase64()
    const address = form === 'both' ? { url: published.url } : {}
    return { ...lookAt(bytes), base64, ...address }
  }

  /** A picture that came whole. */
  async function fromBase64(
    text: string,
    { origin, ...whose }: Belonging,
    form: Form,
  ): Promise<Delivered> {
    const base64 = text.startsWith('data:') ? text.slice(text.indexOf(',') + 1) : text
    if (form === 'b64_json') return { ...lookAt(headOf(base64)), base64 }
    const bytes = decode(base64)
    const seen = lookAt(bytes)
    const { name } = await cache.keep(bytes, { ...whose, mostBytes: MOST_BYTES })
    const url = await cache.linkOf(origin, name, 'image')
    return { ...seen, url, ...(form === 'both' && { base64 }) }
  }

  /** @throws ApiError when its bytes are not to be had, or are no picture */
  return async (made: MadePicture, belonging: Belonging, form: Form): Promise<Delivered> => {
    const { url, base64, revisedPrompt } = made
    // What is here already need not be fetched, and what has an address need not be stored again.
    const isWhole = base64 !== undefined && !(form === 'url' && url !== undefined)
    const delivered = isWhole
      ? await fromBase64(base64, belonging, form)
      : await fromAddress(url ?? '', belonging, form)
    return revisedPrompt === undefined ? delivered : { ...delivered, revisedPrompt }
  }
}

export type Delivery = ReturnType<typeof createDelivery>

/** @throws ApiError when it is no picture */
function lookAt(bytes: Uint8Array): Pick<Delivered, 'format' | 'size'> {
  const content = sniff(bytes)
  if (content?.sort !== 'image') throw noPicture()
  const size = measure(bytes)
  return { format: content.mime.slice('image/'.length), ...(size && { size }) }
}

const headOf = (base64: string): Uint8Array => decode(base64.slice(0, HEAD))

function decode(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(base64)
  } catch (cause) {
    throw noPicture(cause)
  }
}

const noPicture = (cause?: unknown): ApiError =>
  new ApiError('upstream_error', 'What the upstream made is no picture.', { cause })
