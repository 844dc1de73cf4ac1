import type { Source } from '../stream/source'
import type { TurnDecoder, TurnEncoder } from './codec'
import { createEncodedBytes } from './encoded-bytes'
import type { TurnEvent } from './event'
import { type Reading, readThrough } from './upstream-body'

interface DecodedSourceParts extends Reading {
  readonly decoder: TurnDecoder
  readonly encoder: TurnEncoder
}

/** The bytes of an upstream's stream in another dialect than it was written in. */
export function createDecodedSource({ decoder, encoder, ...reading }: DecodedSourceParts): Source {
  const bytes = createEncodedBytes(encoder)
  const encode = (events: readonly TurnEvent[]) => bytes.push(events, decoder.isDone())
  const passage = {
    push: (piece: Uint8Array) => encode(decoder.push(piece)),
    end: () => encode(decoder.end()),
    fault: decoder.fault,
    isDone: decoder.isDone,
  }
  return readThrough(passage, reading)
}
