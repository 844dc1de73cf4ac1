/** Something that an upstream has made and that is to have an address of ours. */
export interface Publication {
  /** Who made it: it is fetched with the same account. */
  readonly accountId: string
  /** The key that it was made for. */
  readonly keyId: string
  /** The model that made it, as its client called it. */
  readonly model: string
  /** Where it is at its upstream. */
  readonly url: string
  readonly sort: 'image' | 'video'
  /** Where the address is to begin, such as `https://groxy.example`. */
  readonly origin: string
}

/** Gives an address of ours to what is at an upstream, under which it can be fetched from now on. */
export type Publish = (publication: Publication) => Promise<Published>

export interface Published {
  /** The name in the index of media. */
  readonly name: string
  /** The absolute address. */
  readonly url: string
}

/** The same for an answer that is on its way, which goes on whatever becomes of the index. */
export type Show = (publication: Publication) => Promise<Shown>

export interface Shown {
  /** The address of ours; the upstream's where nothing can be written now. */
  readonly url: string
  /**
   * All of its bytes.
   *
   * @throws ApiError when they are not to be had, or more than `most`
   */
  readonly bytes: (most: number) => Promise<Uint8Array<ArrayBuffer>>
}
