import { ApiError, UpstreamFault } from '../../errors'
import type { Logprob, TurnEvent } from '../../turn/event'
import { findChosen, type OwnTool, offerOwn } from '../../turn/offer'
import type { TurnItem, TurnPart, TurnRequest } from '../../turn/request'
import { createCount } from '../../turn/token-count'
import type { Tokenizer } from '../../turn/tokenizer'
import type { Upstream } from '../upstream'
import { compose } from './compose'
import { randomFrom } from './random'
import { valueFor } from './schema-value'
import { topicOf } from './topic'

interface Manner {
  readonly id: string
  readonly says: string
  /** Milliseconds before the first token, and between tokens, of a stream. */
  readonly firstMs: number
  readonly tokenMs: number
  readonly thinks?: boolean
  readonly fails?: 'before' | 'within'
}

/** About forty tokens a second, as a hosted model writes. */
const TOKEN_MS = 25

/** The built-in models: each shows one thing that can happen to a program. */
export const DEMO_MODELS: readonly [Manner, ...Manner[]] = [
  { id: 'demo', says: 'answers at once', firstMs: 150, tokenMs: TOKEN_MS },
  { id: 'demo-thinking', says: 'thinks first', firstMs: 150, tokenMs: TOKEN_MS, thinks: true },
  { id: 'demo-slow', says: 'takes its time', firstMs: 5_000, tokenMs: 400 },
  { id: 'demo-fail', says: 'fails before it answers', firstMs: 150, tokenMs: 0, fails: 'before' },
  { id: 'demo-cut', says: 'breaks off', firstMs: 150, tokenMs: TOKEN_MS, fails: 'within' },
]

interface DemoParts {
  readonly tokenizer: () => Promise<Tokenizer>
}

/** A small model that needs no network: for a first try, for documentation and for tests. */
export function createDemo({ tokenizer }: DemoParts): Upstream {
  const models = async () =>
    DEMO_MODELS.map(({ id }) => ({ id, created: 1767225600, owned_by: 'groxy' }))
  return {
    async ask({ ask, model, stream, abort }) {
      const manner = DEMO_MODELS.find(({ id }) => id === model) ?? DEMO_MODELS[0]
      const turn = ask.turn()
      if (manner.fails === 'before')
        throw new UpstreamFault('refused', 'The demo model fails, as demo-fail always does.', {
          status: 400,
          code: 'demo_failure',
        })
      const pace = stream
        ? manner
        : { ...manner, firstMs: manner.firstMs > 1000 ? manner.firstMs : 0, tokenMs: 0 }
      return { form: 'events', events: speak(turn, pace, await tokenizer(), abort.signal) }
    },

    models,
    check: models,
  }
}

async function* speak(
  turn: TurnRequest,
  manner: Manner,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  await pause(manner.firstMs, signal)
  let output = 0
  let reasoning = 0
  for (let choice = 0; choice < turn.choices; choice++) {
    const plan = decide(turn, choice)
    let left = turn.maxTokens ?? Number.POSITIVE_INFINITY
    if (manner.thinks && turn.effort !== 'none') {
      for (const text of tokenizer.split(plan.thoughts).slice(0, left)) {
        left--
        reasoning++
        yield { type: 'thinking', choice, text, part: 0 }
        await pause(manner.tokenMs, signal)
      }
      yield { type: 'thought', choice, encrypted: null }
    }
    if (plan.calls.length > 0) {
      for (const { tool, given } of plan.calls) {
        output += tokenizer.count(tool.name + given)
        yield beginCall(tool, choice)
        yield { type: 'arguments', choice, text: given }
        await pause(manner.tokenMs, signal)
      }
      yield { type: 'finish', choice, reason: 'tool_calls' }
      continue
    }
    const tokens = tokenizer.split(cutAtStop(plan.text, turn.stop))
    const most = Math.min(tokens.length, left)
    for (const [position, text] of tokens.slice(0, most).entries()) {
      if (manner.fails && position > tokens.length / 2)
        throw new UpstreamFault('broken', 'The demo model broke off, as demo-cut always does.')
      output++
      yield turn.logprobs === undefined
        ? { type: 'text', choice, text }
        : { type: 'text', choice, text, logprobs: [certain(text)] }
      await pause(manner.tokenMs, signal)
    }
    yield { type: 'finish', choice, reason: most < tokens.length ? 'length' : 'stop' }
  }
  const input = countPrompt(turn, tokenizer)
  const counts = { input, cached: 0, output: output + reasoning, reasoning }
  yield { type: 'usage', usage: { ...counts, costTicks: 0, source: 'reported' } }
}

/** The demo model never has another word in mind. */
function certain(token: string): Logprob {
  const said = { token, logprob: 0, bytes: [...new TextEncoder().encode(token)] }
  return { ...said, top_logprobs: [said] }
}

function beginCall({ type, name, namespace }: OwnTool, choice: number): TurnEvent {
  const id = `call_${crypto.randomUUID().replaceAll('-', '')}`
  const call = { type: 'call', choice, id, name, custom: type === 'custom' } as const
  return namespace === undefined ? call : { ...call, namespace }
}

/** What to do about a conversation: call tools, answer in JSON, or talk. */
function decide(turn: TurnRequest, choice: number) {
  const { items } = turn
  const question = wordsOf(items.findLast((item) => isMessage(item) && item.role === 'user'))
  const random = randomFrom(`${turn.seed ?? ''}|${choice}|${JSON.stringify(items)}`)
  const { answer, afterTools, thoughts } = compose(question, random)
  const words = topicOf(question)
  const wasTold = items.at(-1)?.type === 'result'
  const wanted = wantedTools(turn, question)
  const calls = (wasTold ? [] : wanted).map((tool) => ({
    tool,
    given: argumentsFor(tool, words, question),
  }))
  const results = items.filter(({ type }) => type === 'result').map(wordsOf)
  const talk = () => (wasTold ? afterTools(results) : answer())
  return { calls, thoughts: thoughts(), text: written(turn, words, question, talk) }
}

const isMessage = (item: TurnItem) => item.type === 'message'

/** What an item says in words. */
function wordsOf(item: TurnItem | undefined): string {
  if (item?.type === 'message' || item?.type === 'result')
    return item.parts.flatMap((part: TurnPart) => ('text' in part ? part.text : [])).join('\n')
  return item?.type === 'call' ? JSON.stringify(item) : ''
}

function argumentsFor(tool: OwnTool, words: readonly string[], question: string): string {
  if (tool.type === 'custom') return words.join(' ') || question || tool.name
  return JSON.stringify(valueFor({ type: 'object', ...tool.parameters }, words, question))
}

function written(
  { format }: TurnRequest,
  words: readonly string[],
  question: string,
  talk: () => string,
): string {
  if (format.type === 'schema') return JSON.stringify(valueFor(format.schema, words, question))
  if (format.type === 'json') return JSON.stringify({ answer: talk(), topic: words })
  return talk()
}

/** The tools that were asked for: by force, or because the question speaks of them. */
function wantedTools(turn: TurnRequest, question: string): readonly OwnTool[] {
  const { tools, choice } = offerOwn(turn)
  if (choice === 'none') return []
  if (typeof choice === 'object') {
    const chosen = findChosen(tools, choice)
    return chosen ? [chosen] : []
  }
  const asked = question.toLowerCase()
  const spokenOf = tools.filter(({ name, description }) =>
    [name, ...topicOf(`${name.replaceAll(/[_-]/g, ' ')} ${description}`)].some((word) =>
      asked.includes(word.toLowerCase()),
    ),
  )
  const chosen = spokenOf.length > 0 || choice === 'auto' ? spokenOf : tools
  return turn.parallelToolCalls && spokenOf.length > 0 ? chosen : chosen.slice(0, 1)
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const cuts = stops.filter(Boolean).map((stop) => text.indexOf(stop))
  return text.slice(0, Math.min(text.length, ...cuts.filter((at) => at >= 0)))
}

/** OpenAI's chat format spends about four tokens a message and three on the answer's beginning. */
function countPrompt({ items, tools }: TurnRequest, tokenizer: Tokenizer): number {
  const count = createCount(tokenizer)
  const said = items.map((item) => count(wordsOf(item)) + 4)
  const described = tools.length > 0 ? count(JSON.stringify(tools)) : 0
  return said.reduce((sum, count) => sum + count, 3 + described)
}

function pause(ms: number, signal: AbortSignal): Promise<void> | undefined {
  if (signal.aborted) throw new ApiError('client_gone', 'The client left.')
  if (ms === 0) return
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      reject(new ApiError('client_gone', 'The client left.'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal.addEventListener('abort', leave, { once: true })
  })
}
