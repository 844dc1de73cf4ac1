import type { Dialect, Scenario } from './scenarios'

/** A client of one dialect, served by an upstream that speaks one. */
export interface Way {
  readonly client: Dialect
  readonly upstream: Dialect
  readonly store?: true
}

/** Native and translated in turn. */
export const WAYS: readonly Way[] = [
  { client: 'chat', upstream: 'chat' },
  { client: 'chat', upstream: 'responses' },
  { client: 'responses', upstream: 'responses' },
  { client: 'responses', upstream: 'chat' },
  { client: 'responses', upstream: 'responses', store: true },
  { client: 'responses', upstream: 'chat', store: true },
]

/** The words of the streams that come over and over. */
export const LENGTHS = [20, 200] as const
/** The words of the streams whose memory is looked at. */
export const LONG = [1_000, 100_000] as const

export const nameOf = ({ client, upstream, store }: Way): string =>
  `${client} over ${upstream}${store ? ', stored' : ''}`

/** The model that an upstream of this dialect answers with so many words. */
export const modelOf = (upstream: Dialect, words: number): string => `bench-${upstream}-n${words}`

/** A stream of so many words. */
export const streamOf = (way: Way, words: number, connections = 32): Scenario => ({
  name: `${nameOf(way)}, ${words} chunks`,
  model: modelOf(way.upstream, words),
  connections,
  words,
  client: way.client,
  store: way.store === true,
})

/** The same, not streamed: only to see that the answer is right. */
export function plainOf(way: Way): Scenario {
  const { words: _, ...scenario } = streamOf(way, LENGTHS[0], 1)
  return { ...scenario, name: `${nameOf(way)}, not streamed` }
}
