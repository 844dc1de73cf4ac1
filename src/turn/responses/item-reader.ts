import type { Json } from '../../json-value'
import type { DecoderTerms } from '../codec'
import type { Speaker } from './lanes'

/** Follows one output item of an upstream, from whatever of it is told: pieces, the whole, or both. */
export interface ItemReader {
  /** Take an event that tells of a part of it. */
  take(type: string, event: Json): void
  /** Here it is whole: what was not told in pieces is told now. */
  finish(item: Json): void
  /** Nothing more comes of it. */
  end(): void
}

/** What every reader of an item is made with. */
export interface ReaderParts {
  readonly terms: DecoderTerms
  readonly speaker: Speaker
}

/** How much of each text was told, by its place: a whole text tells the rest only. */
export function createHeard() {
  const lengths = new Map<unknown, number>()
  return {
    /** A piece was told. */
    add(place: unknown, text: string): void {
      lengths.set(place, (lengths.get(place) ?? 0) + text.length)
    },
    /** What of a whole text was not. */
    rest: (place: unknown, whole: unknown): string =>
      typeof whole === 'string' ? whole.slice(lengths.get(place) ?? 0) : '',
    length: (place: unknown): number => lengths.get(place) ?? 0,
  }
}
