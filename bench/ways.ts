import type { Dialect, Scenario } from './scenarios'

/** A client of one dialect, served by an upstream that speaks one. */
export interface Way {
  readonly client: Dialect
  readonly upstream: Dialect
  /** Whether the gateway keeps the Response. */
  readonly store?: true
  /** The upstream's chunks are right as they are: else it calls the model by a name of its own, as most do. */
  readonly same?: true
}

/** Native and translated in turn. */
export const WAYS: readonly Way[] = [
  { client: 'chat', upstream: 'chat', same: true },
  { client: 'chat', upstream: 'chat' },
  { client: 'chat', upstream: 'responses' },
  { client: 'responses', upstream: 'responses' },
  { client: 'responses', upstream: 'chat' },
  { client: 'responses', upstream: 'responses', store: true },
  { client: 'responses', upstream: 'chat', store: true },
]

/** How the upstream sends a stream. */
interface Manner {
  readonly words: number
  /** Between two words; else all comes at once. */
  readonly gapMs?: number
}

export const SHORT = { words: 20 }
export const MIDDLE = { words: 200 }
/** A stream as a model speaks, every word a packet of its own. */
export const PACED = { words: 20, gapMs: 5 }
/** The streams that come over and over. */
export const MANNERS: readonly Manner[] = [SHORT, MIDDLE, PACED]
/**
 * The words of the streams whose memory is looked at, each once. Of the last two the shorter one says what is
 * garbage that was not collected yet; what the longer one takes on top of it was held.
 */
export const LONG = [1_000, 100_000, 400_000] as const

export const nameOf = ({ client, upstream, store, same }: Way): string =>
  `${client} over ${upstream}${store ? ', stored' : ''}${same ? ', untouched' : ''}`

export const mannerOf = ({ words, gapMs }: Manner): string =>
  `${words} chunks${gapMs ? ` ${gapMs} ms apart` : ''}`

/** The model by which an upstream answers in this manner. */
export const modelOf = ({ upstream, same }: Way, { words, gapMs }: Manner): string =>
  `bench-${upstream}${same ? '-same' : ''}-n${words}${gapMs ? `-gap${gapMs}` : ''}`

/** A stream that comes this way. */
export const streamOf = (way: Way, manner: Manner, connections = 32): Scenario => ({
  name: `${nameOf(way)}, ${mannerOf(manner)}`,
  model: modelOf(way, manner),
  connections,
  words: manner.words,
  client: way.client,
  store: way.store === true,
})

/** The same, not streamed: only to see that the answer is right. */
export function plainOf(way: Way): Scenario {
  const { words: _, ...scenario } = streamOf(way, SHORT, 1)
  return { ...scenario, name: `${nameOf(way)}, not streamed` }
}
