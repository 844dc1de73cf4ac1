import type { TurnEvent } from '#src/turn/event'
import type { TurnItem, TurnRequest } from '#src/turn/request'
import type { Usage } from '#src/turn/usage'
import type { Upstream, UpstreamCall } from '#src/upstream/upstream'

/** What an upstream does when it is asked: says this, and then perhaps throws; or throws at once. */
export type Answer = Error | readonly (TurnEvent | Error)[]

/** An upstream that does what it is told to, and remembers what it was asked. */
export function scripted(...answers: readonly Answer[]) {
  const asked: TurnRequest[] = []
  const left = [...answers]
  /** How many answers were ended by whoever listened. */
  let letGo = 0
  const upstream: Upstream = {
    async ask({ ask }) {
      asked.push(ask.turn())
      const answer = left.shift()
      if (!answer) throw new TypeError('It was not told what to say.')
      if (answer instanceof Error) throw answer
      async function* say(said: readonly (TurnEvent | Error)[]) {
        let at = 0
        try {
          for (const event of said) {
            at++
            if (event instanceof Error) throw event
            yield event
          }
          at++
        } finally {
          if (at <= said.length && !(said[at - 1] instanceof Error)) letGo++
        }
      }
      return { form: 'events', events: say(answer), dropped: ['top_p'] }
    },
    models: async () => [],
    check: async () => [],
  }
  return { upstream, asked, letGo: () => letGo }
}

/** A call that asks for nothing but a turn. */
export const callOf = (turn: TurnRequest) =>
  ({ ask: { turn: () => turn } }) as unknown as UpstreamCall

/** What an upstream says, and what it throws in the end. */
export async function heard(upstream: Upstream, turn: TurnRequest) {
  const events: TurnEvent[] = []
  try {
    const reply = await upstream.ask(callOf(turn))
    if (reply.form !== 'events') throw new TypeError('It answered in bytes.')
    for await (const event of reply.events) events.push(event)
    return { events, dropped: reply.dropped }
  } catch (fault) {
    return { events, fault }
  }
}

/** A message of words. */
export const says = (role: 'user' | 'assistant' | 'system', text: string): TurnItem => ({
  type: 'message',
  role,
  parts: [{ type: 'text', text }],
})

/** What a message says in words. */
export const wordsOf = (item: TurnItem | undefined): string =>
  item?.type === 'message'
    ? item.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    : ''

/** A request that asks for little, but for these parts. */
export const turnOf = (parts: Partial<TurnRequest> = {}): TurnRequest => ({
  model: 'm',
  items: [says('system', 'Be kind.'), says('user', 'Hi')],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  format: { type: 'text' },
  effort: undefined,
  verbosity: undefined,
  maxTokens: undefined,
  temperature: undefined,
  topP: undefined,
  frequencyPenalty: undefined,
  presencePenalty: undefined,
  stop: [],
  choices: 1,
  seed: undefined,
  logprobs: undefined,
  cacheKey: undefined,
  user: undefined,
  serviceTier: undefined,
  video: undefined,
  ...parts,
})

/** Pieces of text, as a model says them. */
export const texts = (...said: readonly string[]): TurnEvent[] =>
  said.map((text) => ({ type: 'text', choice: 0, text }))

/** The end of a choice. */
export const finish = (
  reason: 'stop' | 'length' | 'tool_calls' = 'stop',
  choice = 0,
): TurnEvent => ({
  type: 'finish',
  choice,
  reason,
})

/** What a turn took. */
export const usage = (input: number, output: number, more: Partial<Usage> = {}): TurnEvent => ({
  type: 'usage',
  usage: { input, cached: 0, output, reasoning: 1, costTicks: null, source: 'estimated', ...more },
})

/** A source of a place in the text. */
export const cite = (start: number, end: number, choice = 0): TurnEvent => ({
  type: 'citation',
  choice,
  citation: { url: 'https://a.example/', title: 'A', start, end },
})
