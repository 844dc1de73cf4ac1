import type { Source } from '../../stream/source'
import { type Reading, readThrough } from '../upstream-body'
import type { NativeStream } from './native-stream'

interface NativeSourceParts extends Reading {
  readonly stream: NativeStream
}

/** The bytes of an upstream's stream, mended. */
export const createNativeSource = ({ stream, ...reading }: NativeSourceParts): Source =>
  readThrough(stream, reading)
