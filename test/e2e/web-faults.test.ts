import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  type Answer,
  END,
  endsMidway,
  failsFirst,
  failsFirstFrame,
  failsInResponse,
  failsInStreamErrors,
  failsMidway,
  failsMidwayFrame,
  garbage,
  halfLine,
  moderatedMidway,
  plain,
  RESET,
  refusals,
  resetsAtOnce,
  resetsMidway,
  type Script,
  type State,
  silent,
  stallsMidway,
} from '../fakes/grok-web'
import { ownClock } from '../support/own-clock'
import { type WebGateway, webGateway } from '../support/web-gateway'
import { tell, WAYS, type Way } from '../support/web-ways'

const BUCKET = 'units grok-4'
const RESTS = { scope: '', state: 'cooling' }
const LIMITED = { scope: BUCKET, state: 'cooling', hours: 1 }

/** What a fault comes to. */
interface Outcome {
  readonly status: number
  readonly code: string | null
  /** What is held against the session then. */
  readonly held?: object
}

interface Fault extends Outcome {
  readonly name: string
  readonly script?: Script
  readonly state?: State
  readonly retryAfter?: number
  /** Nobody else is asked. */
  readonly isFinal?: boolean
}

const barred = { status: 502, code: 'upstream_error' }
const failed = { ...barred, held: RESTS }
const late = { status: 504, code: 'upstream_timeout', held: RESTS }
const limited = { status: 429, code: 'rate_limit_exceeded', held: LIMITED }
const moderated = { status: 400, code: 'content_moderated', isFinal: true }
const tooLong = { status: 413, code: 'context_length_exceeded', isFinal: true }

const page = () =>
  new Response('<html>Hello</html>', { headers: { 'content-type': 'text/html; charset=utf-8' } })

/** Faults before any of an answer has come: another session may give it. */
const EARLY: readonly Fault[] = [
  { name: '401', state: 'expired', ...barred, held: { state: 'expired', scope: '', hours: null } },
  { name: 'blocked', state: 'blocked', ...barred, held: { state: 'disabled', hours: null } },
  { name: 'e-mail', state: 'email_rejected', ...barred, held: { state: 'disabled', hours: null } },
  { name: 'a challenge', state: 'challenged', ...barred },
  { name: 'an empty challenge', state: 'challenged_empty', ...barred },
  { name: 'anti-bot rules', state: 'anti_bot', ...barred },
  { name: 'anti-bot rules in band', state: 'anti_bot_in_band', ...barred },
  { name: '429', state: 'limited', ...limited },
  {
    ...{ name: '429 with Retry-After', state: 'limited', retryAfter: 3 * 3600, ...limited },
    held: { ...LIMITED, hours: 3 },
  },
  { name: '429 in band', state: 'limited_in_band', ...limited },
  { name: 'heavy usage in band', state: 'heavy_usage_in_band', ...limited },
  { name: 'a used-up limit in band', state: 'usage_limit_in_band', ...limited },
  { name: '429 in the first line', script: failsFirst(8), ...limited },
  { name: '429 in the first frame', script: failsFirstFrame(), ...limited },
  { name: 'moderation', state: 'moderated', ...moderated },
  { name: 'moderation in plain text', script: () => refusals.moderatedText(), ...moderated },
  { name: 'a prompt too large', script: () => refusals.tooLarge(), ...tooLong },
  {
    ...{ name: 'a prompt too long', script: () => refusals.invalid('The prompt is too long.') },
    ...{ ...tooLong, status: 400 },
  },
  { name: '500', script: () => refusals.broken(), ...failed },
  { name: '503', script: () => refusals.broken(503), ...failed },
  { name: 'an error in the first line', script: failsFirst(13, 'Internal error'), ...failed },
  { name: 'silence', script: silent(), ...late },
  { name: 'a page', script: page, ...failed },
  { name: 'nonsense', script: bare({ raw: 'what is this?\n' }), ...failed },
  { name: 'nothing', script: bare(), ...failed },
]

/** An answer that consists of this alone. */
function bare(...steps: Answer['steps']): Answer {
  return { steps, opening: false, closing: false }
}

/** Faults within an answer: nobody else is asked the same again. */
const LATE: readonly Fault[] = [
  { name: 'an error', script: failsMidway(), ...failed },
  { name: 'an error in a frame', script: failsMidwayFrame(), ...failed },
  { name: 'a limit', script: failsMidway(8, 'Too many requests'), ...limited },
  { name: 'moderation', script: moderatedMidway(), ...moderated },
  { name: 'an error of the whole response', script: failsInResponse(), ...failed },
  { name: 'errors of the stream', script: failsInStreamErrors(), ...failed },
  { name: 'silence', script: stallsMidway(), ...late },
  { name: 'silence before the first word', script: stallsMidway(''), ...late },
  { name: 'a reset', script: resetsMidway(), ...failed },
  { name: 'a reset before the first word', script: resetsMidway(''), ...failed },
  { name: 'an end too early', script: endsMidway(), ...failed },
  { name: 'half a line', script: halfLine(), ...failed },
  { name: 'half of its first line', script: bare({ raw: '{"result":{"con' }, END), ...failed },
  { name: 'a reset within its first line', script: bare({ raw: '{"result":' }, RESET), ...failed },
  { name: 'nonsense', script: garbage(), ...failed },
]

const QUICK = { first_byte_timeout_ms: 400, idle_timeout_ms: 400, answer_timeout_ms: 400 }
const isSilence = ({ status }: Fault): boolean => status === late.status

const ONE = { name: 'one', tier: 'basic' } as const
/** Whoever pays more is asked later. */
const TWO = { name: 'two', tier: 'super' } as const

let usual: WebGateway
/** Where nobody waits for long: only for faults of silence. */
let quick: WebGateway
const clock = ownClock()
beforeAll(async () => {
  usual = await webGateway()
  quick = await webGateway({ settings: QUICK, clock: clock.now })
})
afterAll(async () => {
  await quick?.[Symbol.asyncDispose]()
  await usual?.[Symbol.asyncDispose]()
  clock[Symbol.dispose]()
})

/** A gateway whose first session fails. */
async function failing(fault: Fault, others: readonly (typeof TWO)[] = []): Promise<WebGateway> {
  const { script, state, retryAfter } = fault
  const it = isSilence(fault) ? quick : usual
  await it.replace([{ ...ONE, ...(retryAfter && { retryAfter }) }, ...others])
  it.grok.forget()
  if (state !== undefined) it.grok.account('one').state = state
  if (script !== undefined) it.grok.script(script, { account: 'one' })
  return it
}

/** Why nothing came of it. */
const failureOf = (it: WebGateway, way: Way) =>
  tell(it.sdk, way).then(
    () => Promise.reject(new Error('It did not fail.')),
    (cause) => cause,
  )

const row = async (it: WebGateway) => (await it.ledger())[0]

describe('before an answer has begun', () => {
  test.each(EARLY)('$name: is told, and held against whom it concerns', async (fault) => {
    const it = await failing(fault)
    const { status, code, held } = fault
    expect(await failureOf(it, 'a chat')).toMatchObject({ status, code })
    await it.app.refresh()
    expect(await it.held()).toMatchObject(held ? [{ ...held, name: 'one' }] : [])
    expect(it.grok.chats()).toHaveLength(1)
    expect(await row(it)).toMatchObject({ status, outcome: 'failed', errorCode: code })
  })

  const reset: Fault = { name: 'a reset', script: resetsAtOnce(), ...failed }
  test.each([...EARLY, reset])(
    '$name: is made good by another session, if any may',
    async (fault) => {
      const { status, isFinal } = fault
      for (const way of WAYS) {
        const it = await failing(fault, [TWO])
        if (isFinal) expect(await failureOf(it, way)).toMatchObject({ status })
        else expect((await tell(it.sdk, way)).text).toBe('You said: Hello')
        expect(it.grok.chats('one')).toHaveLength(1)
        expect(it.grok.chats('two')).toHaveLength(isFinal ? 0 : 1)
      }
    },
  )

  test('a reset of the only session counts against its host', async () => {
    await using it = await webGateway()
    it.grok.script(resetsAtOnce())
    expect(await failureOf(it, 'a chat')).toMatchObject(barred)
    expect(await it.held()).toEqual([])
  })
})

describe('within an answer', () => {
  test.each(LATE)('$name: is told, and nobody is asked the same again', async (fault) => {
    const { status, code, held } = fault
    for (const way of WAYS) {
      const it = await failing(fault, [TWO])
      const problem = await failureOf(it, way)
      expect(problem).toBeInstanceOf(Error)
      if (!way.includes('streamed')) expect(problem).toMatchObject({ status, code })
      await it.app.refresh()
      expect(await it.held()).toMatchObject(held ? [{ ...held, name: 'one' }] : [])
      expect(it.grok.chats('one')).toHaveLength(1)
      expect(it.grok.chats('two')).toHaveLength(0)
      expect((await row(it))?.outcome).toBeOneOf(['broken', 'failed'])
    }
  })

  test.each(['a streamed chat', 'a streamed response'] as const)(
    'comes first what was said, then the error, and no end: %s',
    async (way) => {
      await using it = await webGateway()
      const { promise: goOn, resolve } = Promise.withResolvers<void>()
      const words = plain('These words come')
      const { steps } = failsMidway(13, 'Something went wrong', '')
      it.grok.script({ steps: [...words.steps, { wait: goOn }, ...steps], closing: false })
      const path = way.endsWith('chat') ? '/v1/chat/completions' : '/v1/responses'
      const message = { role: 'user', content: 'Hi' }
      const body = { model: 'grok-4', stream: true, messages: [message], input: 'Hi' }
      const reply = await it.post(path, body)
      expect(reply.status).toBe(200)
      let text = ''
      const decoder = new TextDecoder()
      try {
        for await (const bytes of reply.body ?? []) {
          text += decoder.decode(bytes, { stream: true })
          if (text.includes(' come')) resolve()
        }
      } catch {
        // The connection of a broken chat is cut.
      }
      expect(text).toContain('These')
      expect(text).toContain('"error"')
      if (way.endsWith('response')) expect(text).toContain('event: response.failed')
      else expect(text).not.toContain('[DONE]')
      expect(text).not.toContain('response.completed')
      expect(await row(it)).toMatchObject({ outcome: 'broken', status: 200 })
    },
  )

  test('is told though it came in one piece with what was said before', async () => {
    await using it = await webGateway({ accounts: [ONE, TWO] })
    for (const way of WAYS) {
      it.grok.forget()
      it.grok.queue([{ ...endsMidway(), wire: { chunks: 'all' } }])
      expect(await failureOf(it, way)).toBeInstanceOf(Error)
      expect(it.grok.chats()).toHaveLength(1)
      await it.look(1, 600_000)
    }
  })
})

test('a 401 that asking for the quota does not confirm lets the session rest, and no more', async () => {
  await using it = await webGateway()
  it.grok.queue([refusals.expired()])
  expect(await failureOf(it, 'a chat')).toMatchObject(barred)
  const asked = it.grok.callsOf({ endpoint: 'rate-limits' }).length
  await it.look()
  expect(it.grok.callsOf({ endpoint: 'rate-limits' }).length).toBeGreaterThan(asked)
  expect(await it.held()).toMatchObject([RESTS])
  await it.look(20)
  expect((await tell(it.sdk, 'a chat')).text).toBe('You said: Hello')
  expect(await it.held()).toEqual([])
})

test.each(['challenged', 'anti_bot'] as const)(
  'a session that is %s is kept, and the ledger says what to do',
  async (state) => {
    await using it = await webGateway()
    it.grok.account('one').state = state
    const { message } = await failureOf(it, 'a chat')
    expect(message).toContain("the gateway's operator has to act")
    const [attempt] = (await row(it))?.attemptLog ?? []
    expect(attempt).toMatchObject({ effect: 'none', status: 403 })
    expect(attempt?.says).toMatch(/web_(?:cf_clearance|x_statsig_id)/)
    expect(attempt?.says).toContain('proxy_web')
    it.grok.account('one').state = 'valid'
    expect((await tell(it.sdk, 'a chat')).text).toBe('You said: Hello')
  },
)
