import { quantile } from './statistics'

/** One sort of turn, and what its clients send. */
export interface TurnSort {
  readonly name: string
  readonly path: string
  /** Whose key asks. */
  readonly key: 'plain' | 'limited'
  /** Whether requests and answers are kept word for word meanwhile. */
  readonly keeps?: boolean
  /** @param before the id of what the same client was answered before */
  readonly body: (before: string | undefined) => object
}

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'
const PROMPT = 'Say it. '.repeat(50)
const messages = [{ role: 'user', content: PROMPT }]

/** The model with which the fake upstream makes pictures. */
export const PICTURE_MODEL = 'gpt-image-1'

/** What is measured, each by itself. */
export const TURN_SORTS: readonly TurnSort[] = [
  { name: 'chat', path: CHAT, key: 'plain', body: () => ({ model: 'bench', messages }) },
  {
    name: 'chat, streamed',
    path: CHAT,
    key: 'plain',
    body: () => ({ model: 'bench', messages, stream: true }),
  },
  {
    name: 'chat, key with limits',
    path: CHAT,
    key: 'limited',
    body: () => ({ model: 'bench', messages }),
  },
  {
    name: 'chat, stored',
    path: CHAT,
    key: 'plain',
    body: () => ({ model: 'bench', messages, store: true }),
  },
  {
    name: 'chat, contents kept',
    path: CHAT,
    key: 'plain',
    keeps: true,
    body: () => ({ model: 'bench', messages }),
  },
  {
    name: 'response, not stored',
    path: RESPONSES,
    key: 'plain',
    body: () => ({ model: 'bench', input: PROMPT, store: false }),
  },
  {
    name: 'response, stored',
    path: RESPONSES,
    key: 'plain',
    body: () => ({ model: 'bench', input: PROMPT }),
  },
  {
    name: 'response, chained',
    path: RESPONSES,
    key: 'plain',
    body: (before) => ({
      model: 'bench',
      input: PROMPT,
      ...(before !== undefined && { previous_response_id: before }),
    }),
  },
  {
    name: 'picture of 100 kB',
    path: '/v1/images/generations',
    key: 'plain',
    body: () => ({ model: PICTURE_MODEL, prompt: 'Waves', response_format: 'url' }),
  },
]

interface Load {
  readonly address: string
  readonly key: string
  readonly sort: TurnSort
}

/** Chains go on for so many turns, then a new one begins. */
const LONGEST_CHAIN = 10

/** One client after the other's answer: what it sends may depend on what it was answered. */
function createClient({ address, key, sort }: Load) {
  let before: string | undefined
  let turns = 0
  return async (): Promise<boolean> => {
    const response = await fetch(address + sort.path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(sort.body(before)),
    })
    const text = await response.text()
    before = ++turns % LONGEST_CHAIN === 0 ? undefined : /"id":"(resp_\w+)"/.exec(text)?.[1]
    return response.ok
  }
}

/** So many clients, each asking again when it was answered. */
export async function manyTurns(load: Load, clients: number, seconds: number) {
  const begun = performance.now()
  const endsAt = begun + seconds * 1000
  const tookMs: number[] = []
  let bad = 0
  async function work() {
    const ask = createClient(load)
    while (performance.now() < endsAt) {
      const at = performance.now()
      if (await ask().catch(() => false)) tookMs.push(performance.now() - at)
      else bad++
    }
  }
  await Promise.all(Array.from({ length: clients }, work))
  return told(tookMs, bad, begun)
}

/** One turn a second, by one client. */
export async function fewTurns(load: Load, seconds: number) {
  const begun = performance.now()
  const ask = createClient(load)
  const tookMs: number[] = []
  let bad = 0
  for (let turn = 0; turn < seconds; turn++) {
    const at = performance.now()
    if (await ask().catch(() => false)) tookMs.push(performance.now() - at)
    else bad++
    await Bun.sleep(Math.max(0, begun + (turn + 1) * 1000 - performance.now()))
  }
  return told(tookMs, bad, begun)
}

const told = (tookMs: readonly number[], bad: number, begun: number) => {
  const seconds = (performance.now() - begun) / 1000
  return {
    turns: tookMs.length,
    bad,
    seconds,
    perSecond: tookMs.length / seconds,
    p50Ms: quantile(tookMs, 0.5),
  }
}
