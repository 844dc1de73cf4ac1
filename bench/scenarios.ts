/** One kind of load. The model's name tells the fake upstream how to answer. */
export interface Scenario {
  readonly name: string
  readonly model: string
  readonly connections: number
  /** Words of the streamed answer, one a chunk; without it the answer is plain JSON. */
  readonly words?: number
  readonly promptBytes?: number
  /** What the client speaks, where every answer is to be checked; else chat. */
  readonly client?: Dialect
  /** Whether the gateway is to keep the Response. */
  readonly store?: boolean
}

export type Dialect = 'chat' | 'responses'

/** Answered as fast as it goes, over and over for a fixed time. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'chat, 1 connection', model: 'bench', connections: 1 },
  { name: 'chat, 32 connections', model: 'bench', connections: 32 },
  { name: 'chat, 256 connections', model: 'bench', connections: 256 },
  { name: '20-chunk streams, 32 connections', model: 'bench', connections: 32, words: 20 },
  {
    name: '100 kB requests, 16 connections',
    model: 'bench',
    connections: 16,
    promptBytes: 100_000,
  },
  { name: '60 ms upstream, 100 connections', model: 'bench-lat60', connections: 100 },
]

/** Asked all at the same moment, once: 50 chunks, 20 ms apart. */
export const PACED: Scenario = {
  name: '1,000 paced streams at once',
  model: 'bench-n50-gap20',
  connections: 1_000,
  words: 50,
}

/** The request of a scenario. */
export function bodyOf({ model, words, promptBytes = 40, client, store }: Scenario): string {
  const prompt = 'Say it. '.repeat(promptBytes / 8)
  if (client === 'responses')
    return JSON.stringify({
      model,
      input: prompt,
      store: store === true,
      stream: words !== undefined,
    })
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: prompt }],
    ...(words && { stream: true, stream_options: { include_usage: true } }),
  })
}

/** Where a scenario is asked. */
export const pathOf = ({ client }: Scenario): string =>
  client === 'responses' ? '/v1/responses' : '/v1/chat/completions'
