import type { Usage } from './usage'

/** A picture that a client sent: its bytes, whatever form they came in. */
export interface PictureInput {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What the bytes show. */
  readonly mime: string
  readonly name: string
  /** The field of the request that brought it. */
  readonly param: string
}

/** What pictures are wanted, whoever makes them. */
export interface PictureRequest {
  readonly work: 'generate' | 'edit'
  readonly prompt: string
  /** What is to be changed; empty for new pictures. */
  readonly pictures: readonly PictureInput[]
  /** Where the first of them is to be changed: there it is transparent. */
  readonly mask: PictureInput | undefined
  /** In pixels, as the client asked for it; undefined where it left that open. */
  readonly size: PictureSize | undefined
  /** The shape of it, such as `16:9`; one of `RATIOS`. */
  readonly ratio: string | undefined
  readonly resolution: '1k' | '1.5k' | '2k' | undefined
  readonly quality: string | undefined
  readonly outputFormat: 'png' | 'jpeg' | 'webp' | undefined
  /** How many previews of each picture the client wants to see; 0 for none. */
  readonly partials: number
  /**
   * Everything else of the request as the client wrote it, by OpenAI's or xAI's name: for upstreams that
   * have such a field. Without the fields above, `model`, `n`, `stream` and `response_format`.
   */
  readonly others: Readonly<Record<string, unknown>>
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** A picture that an upstream has made: by its address, or whole. */
export interface MadePicture {
  /** At the upstream. */
  readonly url?: string
  readonly base64?: string
  /** The prompt that the upstream made of the client's. */
  readonly revisedPrompt?: string
}

/** What becomes of a call that makes pictures. `index` counts the pictures of this call from 0. */
export type PictureEvent =
  | { readonly type: 'partial'; readonly index: number; readonly picture: MadePicture }
  | { readonly type: 'picture'; readonly index: number; readonly picture: MadePicture }
  /** It was made and is not to be seen, or was not made: the upstream's rules forbid it. */
  | { readonly type: 'blocked'; readonly index: number }
  /** What the upstream says of all its pictures: `size`, `quality`, `background`, `output_format`. */
  | { readonly type: 'about'; readonly about: Readonly<Record<string, unknown>> }
  | PictureUsageEvent

export interface PictureUsageEvent {
  readonly type: 'usage'
  readonly usage: Usage
  /** How many of the tokens of the input were text and pictures, where that was said. */
  readonly inputDetails?: { readonly text: number; readonly image: number }
}
