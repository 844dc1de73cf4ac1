import type { ServerResponse } from 'node:http'

/** One call of a model, as an account of the fake sees it. */
export interface PoolCall {
  /** What the account is called in answers. */
  readonly account: string
  readonly model: string
  readonly stream: boolean
  /** The text of the last message. */
  readonly prompt: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly response: ServerResponse
  readonly now: () => number
  /** Resolves when the caller has left; the answer may have ended by then. */
  readonly closed: Promise<void>
  /** Say that the turn was answered to its end. */
  readonly served: () => void
}

/** What an account does with a call. */
export type Act = (call: PoolCall) => void | Promise<void>

type Headers = Readonly<Record<string, string>>

/** The tokens that a prompt takes: other ones for each, always the same. */
export function tokensOf(prompt: string, model: string) {
  const seed = Bun.hash.crc32(`${model} ${prompt}`)
  return { input: 20 + (seed % 977), cached: seed % 19, output: 5 + (seed % 83) }
}

/** The text that a healthy account answers. */
export const textFor = (prompt: string, account: string): string =>
  `${account} heard «${prompt}» and says ${'so it is, '.repeat(1 + (prompt.length % 7))}and that is all.`

function usageOf({ prompt, model }: PoolCall) {
  const { input, cached, output } = tokensOf(prompt, model)
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  }
}

const head = (call: PoolCall, object: string) => ({
  id: `chatcmpl-${call.account}`,
  object,
  created: 1760000000,
  model: call.model,
})

const chunk = (call: PoolCall, delta: object, finish: string | null = null): string =>
  event({ ...head(call, 'chat.completion.chunk'), choices: [choice({ delta }, finish)] })

const choice = (said: object, finish_reason: string | null) => ({
  index: 0,
  ...said,
  finish_reason,
})

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

/** A stream as it is sent, in a few pieces. */
function piecesOf(call: PoolCall): string[] {
  const words = textFor(call.prompt, call.account).split(/(?<=«.*» )/)
  return [
    chunk(call, { role: 'assistant', content: '' }),
    ...words.map((content) => chunk(call, { content })),
    chunk(call, {}, 'stop') +
      event({ ...head(call, 'chat.completion.chunk'), choices: [], usage: usageOf(call) }) +
      'data: [DONE]\n\n',
  ]
}

const EVENTS = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }

/** Answer as a good account does. */
export const healthy: Act = (call) => {
  const { response, stream, served } = call
  if (!stream) {
    const message = { role: 'assistant', content: textFor(call.prompt, call.account) }
    const choices = [choice({ message }, 'stop')]
    response.writeHead(200, JSON_TYPE)
    response.end(
      JSON.stringify({ ...head(call, 'chat.completion'), choices, usage: usageOf(call) }),
      served,
    )
    return
  }
  response.writeHead(200, EVENTS)
  const pieces = piecesOf(call)
  response.write(pieces.slice(0, -1).join(''))
  response.end(pieces.at(-1), served)
}

/** Answer as a good account does, after so long. */
export const slow =
  (ms: number): Act =>
  async (call) => {
    await Promise.race([Bun.sleep(ms), call.closed])
    if (!call.response.destroyed) return healthy(call)
  }

/** Refuse with a status, in xAI's short form of an error. */
export const refuse =
  (status: number, code: string, error: string, headers: Headers = {}): Act =>
  ({ response }) => {
    response.writeHead(status, { ...JSON_TYPE, ...headers })
    response.end(JSON.stringify({ code, error }))
  }

/** Refuse with a status, in OpenAI's form of an error. */
export const refuseNested =
  (status: number, error: { code: string; message: string; type?: string }): Act =>
  ({ response }) => {
    response.writeHead(status, JSON_TYPE)
    response.end(JSON.stringify({ error }))
  }

/** Refuse for now, and say the date from which on it is not. */
export const refuseUntilDate =
  (ms: number): Act =>
  (call) =>
    refuse(429, 'resource-exhausted', 'Too many requests.', {
      // The form has no fractions: the date is never before the time that is meant.
      'retry-after': new Date(Math.ceil((call.now() + ms) / 1000) * 1000).toUTCString(),
    })(call)

/** Cut the connection before the first byte. */
export const reset: Act = ({ response }) => {
  response.socket?.destroy()
}

/**
 * Never answer a stream. Of an answer that is not streamed nobody can tell whether it is slow or
 * will not come, so that one is cut after a while, as balancers in front of models do.
 */
export const stall =
  (cutMs: number): Act =>
  async (call) => {
    if (call.stream) return call.closed
    await Promise.race([Bun.sleep(cutMs), call.closed])
    reset(call)
  }

/** Answer 200 with a page. */
export const garbage: Act = ({ response }) => {
  response.writeHead(200, { 'content-type': 'text/html' })
  response.end('<!doctype html><title>Welcome to nginx!</title><h1>It works</h1>')
}

/** Answer 200 with xAI's JSON error, whether or not a stream was asked for. */
export const jsonError: Act = refuse(
  200,
  'The service is currently unavailable',
  'The service is currently unavailable. Please try again later.',
)

/** An error as the first event of a stream that began with 200, in xAI's flat or nested form. */
export const inBand =
  (code: 429 | 529, isNested = false): Act =>
  (call) => {
    const { response, stream } = call
    const message = code === 429 ? 'Too many requests.' : 'Overloaded. Please try again later.'
    if (!stream) return refuse(code, 'resource-exhausted', message)(call)
    const flat = { type: 'error', code, message }
    const nested = { type: 'error', status: code, error: { message, type: 'error', code } }
    response.writeHead(200, EVENTS)
    response.end(event(isNested ? nested : flat))
  }

/** Begin an answer, and cut the connection in the middle of it. */
export const torn: Act = async (call) => {
  const { response, stream } = call
  if (!stream) return reset(call)
  response.writeHead(200, EVENTS)
  response.write(piecesOf(call).slice(0, 2).join(''))
  // Let what was written leave first.
  await Bun.sleep(30)
  reset(call)
}
