import { describe, expect, test } from 'bun:test'
import { png } from '../../fakes/media/pictures'
import { chunk, hello, sse, USAGE } from '../../fakes/upstream'
import { accumulate } from '../../support/chat-stream'
import { FIXTURE, faultsAgainst } from '../../support/official'
import { readUntil } from '../../support/responses-http'
import { readEvents, textOf } from '../../support/streams'
import { expectRefusal, good } from '../checks'
import type { Json, Target } from '../world'

const faultsOf = faultsAgainst<string>(await Bun.file(FIXTURE).json())

export const CHAT = '/v1/chat/completions'
const ASK = { model: 'talk', messages: [{ role: 'user', content: 'Hi' }] }
const STREAM = { ...ASK, stream: true }

const TOOL = {
  type: 'function',
  function: {
    name: 'look',
    parameters: { type: 'object', properties: { at: { type: 'string' } } },
  },
}
const CALL = {
  id: 'call_1',
  type: 'function',
  function: { name: 'look', arguments: '{"at":"moss"}' },
}

/** `/v1/chat/completions` */
export function chatSuite(target: Target): void {
  const ask = (body: object = {}, init?: RequestInit) =>
    target().post(CHAT, { ...ASK, ...body }, init)
  /** The body of the last call that the upstream was asked with. */
  const asked = (): Json => JSON.parse(target().fakes.chat.asked().at(-1)?.body ?? '{}')
  const says = (message: object, finish_reason = 'stop') =>
    target().fakes.chat.script(({ path }) =>
      path === CHAT
        ? Response.json(
            hello({
              choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
            }),
          )
        : undefined,
    )
  const streams = (...chunks: readonly object[]) =>
    target().fakes.chat.script(({ path }) =>
      path === CHAT ? sse([...chunks.map((one) => JSON.stringify(one)), '[DONE]']) : undefined,
    )

  describe('an answer', () => {
    test('is as OpenAI writes it, by the model that was asked for', async () => {
      const answer = await good(ask())
      expect(faultsOf('CreateChatCompletionResponse', answer)).toEqual([])
      expect(answer).toMatchObject({
        ...{ object: 'chat.completion', model: 'talk', usage: USAGE },
        choices: [{ index: 0, message: { content: 'Hello there' }, finish_reason: 'stop' }],
      })
    })

    test('says who gave it', async () => {
      const { headers } = await ask()
      expect(headers.get('x-groxy-account')).toBe('chat')
      expect(headers.get('x-groxy-model')).toBe('talk')
      expect(headers.get('x-groxy-attempts')).toBe('1')
      expect(headers.get('x-request-id')).toMatch(/^req_[\da-f]{32}$/)
    })

    test('may be several', async () => {
      const choices = [0, 1, 2].map((index) => ({
        ...{ index, logprobs: null, finish_reason: 'stop' },
        message: { role: 'assistant', content: `Answer ${index}`, refusal: null },
      }))
      target().fakes.chat.script(() => Response.json(hello({ choices })))
      const answer = await good(ask({ n: 3 }))
      expect(asked().n).toBe(3)
      expect(answer.choices).toMatchObject(choices)
    })

    test('may be calls of tools', async () => {
      says({ content: null, tool_calls: [CALL] }, 'tool_calls')
      const answer = await good(ask({ tools: [TOOL], tool_choice: 'auto' }))
      expect(faultsOf('CreateChatCompletionResponse', answer)).toEqual([])
      expect(asked().tools).toMatchObject([TOOL])
      expect(answer.choices).toMatchObject([
        { finish_reason: 'tool_calls', message: { content: null, tool_calls: [CALL] } },
      ])
    })

    test('goes on after a tool', async () => {
      const messages = [
        ...ASK.messages,
        { role: 'assistant', content: null, tool_calls: [CALL] },
        { role: 'tool', tool_call_id: 'call_1', content: 'Moss.' },
      ]
      await good(ask({ messages, tools: [TOOL] }))
      expect(asked().messages).toMatchObject(messages)
    })

    test('keeps to a JSON schema', async () => {
      const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }
      says({ content: '{"a":1}' })
      const response_format = { type: 'json_schema', json_schema: { name: 'one', schema } }
      const answer = await good(ask({ response_format }))
      expect(asked().response_format).toMatchObject(response_format)
      expect(answer.choices).toMatchObject([{ message: { content: '{"a":1}' } }])
    })

    test('is given to pictures', async () => {
      const url = `data:image/png;base64,${png('a').toBase64()}`
      const content = [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url } },
      ]
      await good(ask({ messages: [{ role: 'user', content }] }))
      expect(asked().messages).toMatchObject([{ role: 'user', content }])
    })

    test('shows how it came about', async () => {
      says({ content: 'Hi.', reasoning_content: 'They greet.' })
      const answer = await good(ask())
      expect(answer.choices).toMatchObject([
        { message: { content: 'Hi.', reasoning_content: 'They greet.' } },
      ])
    })

    test('may be refused by the model', async () => {
      says({ content: null, refusal: 'No.' })
      expect((await good(ask())).choices).toMatchObject([{ message: { refusal: 'No.' } }])
    })

    test('is asked for with everything that was sent, known or not', async () => {
      const more = { temperature: 0.5, top_p: 0.9, seed: 7, stop: ['x'], user: 'u', top_k: 4 }
      await good(ask({ ...more, max_completion_tokens: 50 }))
      expect(asked()).toMatchObject(more)
    })

    test.each(['stop', 'tools', 'stream', 'n', 'temperature', 'metadata', 'response_format'])(
      'does not mind that %s is null',
      async (field) => {
        expect((await ask({ [field]: null })).status).toBe(200)
      },
    )

    test('is in the log of the operator', async () => {
      const reply = await ask()
      const id = reply.headers.get('x-request-id') ?? ''
      await reply.text()
      await target().logged(id, { endpoint: 'chat.completions', status: 200, outcome: 'done' })
    })
  })

  describe('a stream', () => {
    test('is as OpenAI writes it, to its end', async () => {
      const reply = await ask(STREAM)
      expect(reply.headers.get('content-type')).toStartWith('text/event-stream')
      expect(reply.headers.get('cache-control')).toContain('no-cache')
      const events = readEvents(await reply.text())
      expect(events.at(-1)).toBe('[DONE]')
      for (const event of events.slice(0, -1))
        expect(faultsOf('CreateChatCompletionStreamResponse', event)).toEqual([])
      expect(textOf(events)).toBe('Hello there')
      for (const event of events.slice(0, -1)) expect(event).toMatchObject({ model: 'talk' })
    })

    test('tells what it took where that is asked for', async () => {
      const events = readEvents(
        await (await ask({ ...STREAM, stream_options: { include_usage: true } })).text(),
      )
      expect(events.at(-2)).toMatchObject({ choices: [], usage: USAGE })
    })

    test('tells nothing of it where that is not asked for', async () => {
      const text = await (await ask(STREAM)).text()
      expect(text).not.toContain('"total_tokens"')
    })

    test('comes as it is made', async () => {
      const { promise: go, resolve } = Promise.withResolvers<void>()
      target().fakes.chat.script(({ path }) => {
        if (path !== CHAT) return
        const [first, ...others] = [
          chunk({ role: 'assistant', content: 'One ' }),
          chunk({ content: 'two' }),
          chunk({}, 'stop'),
        ].map((one) => `data: ${JSON.stringify(one)}\n\n`)
        const encoder = new TextEncoder()
        const body = new ReadableStream({
          async start(controller) {
            controller.enqueue(encoder.encode(first))
            await go
            controller.enqueue(encoder.encode(`${others.join('')}data: [DONE]\n\n`))
            controller.close()
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      })
      const stream = await readUntil(await ask(STREAM), 'One ')
      expect(stream.so()).not.toContain('two')
      resolve()
      expect(textOf(readEvents(await stream.rest()))).toBe('One two')
    })

    test('brings the calls of tools in pieces that fit together', async () => {
      const piece = (called: object) => chunk({ tool_calls: [{ index: 0, ...called }] })
      streams(
        piece({ id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }),
        piece({ function: { arguments: '{"at":' } }),
        piece({ function: { arguments: '"moss"}' } }),
        chunk({}, 'tool_calls'),
      )
      const events = readEvents(await (await ask({ ...STREAM, tools: [TOOL] })).text())
      expect(accumulate(events).choices).toMatchObject([
        { message: { tool_calls: [CALL] }, finish_reason: 'tool_calls' },
      ])
    })

    test('brings thoughts', async () => {
      streams(
        chunk({ reasoning_content: 'They ' }),
        chunk({ reasoning_content: 'greet.' }),
        chunk({ content: 'Hi' }),
        chunk({}, 'stop'),
      )
      const events = readEvents(await (await ask(STREAM)).text())
      expect(accumulate(events).choices).toMatchObject([
        { message: { content: 'Hi', reasoning_content: 'They greet.' } },
      ])
    })

    test('of which a client has enough ends at the upstream', async () => {
      const begun = JSON.stringify(chunk({ role: 'assistant', content: 'Hello' }))
      target().fakes.chat.script(({ path }) =>
        path === CHAT ? sse([begun], { hang: true }) : undefined,
      )
      const leaving = new AbortController()
      const reply = await ask(STREAM, { signal: leaving.signal })
      const stream = await readUntil(reply, 'Hello')
      expect(stream.so()).toContain('Hello')
      leaving.abort()
      await target().fakes.chat.asked().at(-1)?.aborted
    })

    test('of many are many', async () => {
      const texts = await Promise.all(
        Array.from({ length: 20 }, async () =>
          textOf(readEvents(await (await ask(STREAM)).text())),
        ),
      )
      expect(texts).toEqual(Array(20).fill('Hello there'))
    })

    test('of another model of the same account says its name', async () => {
      const reply = await ask({ ...STREAM, model: 'talk-mini' })
      expect(await reply.text()).toContain('"model":"talk-mini"')
    })
  })

  describe('a request is refused', () => {
    test.each([
      ['nobody', undefined],
      ['a wrong key', 'sk-groxy-wrong'],
      ['SQL', "' OR 1=1 --"],
    ])('from %s', async (_, key) => {
      const reply = target().stranger('POST', CHAT, ASK, key)
      await expectRefusal(reply, { status: 401, code: 'invalid_api_key', param: null })
    })

    test.each([
      ['broken JSON', '{"model":', 'invalid_json', null],
      ['nothing', '', 'invalid_json', null],
      ['a list', '[]', 'invalid_json', null],
      ['a key twice', '{"model":"talk","model":"talk","messages":[]}', 'duplicate_key', 'model'],
    ])('with %s', async (_, body, code, param) => {
      await expectRefusal(target().post(CHAT, body), { status: 400, code, param })
    })

    test.each([
      [{ model: undefined }, 'model'],
      [{ model: 5 }, 'model'],
      [{ messages: undefined }, 'messages'],
      [{ messages: [] }, 'messages'],
      [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
      [{ messages: [{ role: 'user', content: 5 }] }, 'messages.0.content'],
      [{ stream: 'yes' }, 'stream'],
      [{ temperature: 5 }, 'temperature'],
      [{ n: 0 }, 'n'],
      [{ stream_options: {} }, 'stream_options'],
      [
        { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
        'response_format.json_schema.schema',
      ],
    ])('with %j', async (fields, param) => {
      await expectRefusal(ask(fields), { status: 400, code: 'invalid_value', param })
    })

    test('for a model that nobody serves', async () => {
      await expectRefusal(ask({ model: 'no-such-model' }), { status: 404, code: 'model_not_found' })
    })

    test('by a method that is none', async () => {
      const reply = await target().call('PUT', CHAT, ASK)
      await expectRefusal(reply, { status: 405, code: 'method_not_allowed' })
      expect(reply.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'POST'])
    })

    test.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ])('as %s', async (type) => {
      const reply = ask({}, { headers: { 'content-type': type } })
      await expectRefusal(reply, { status: 415, code: 'unsupported_media_type' })
    })

    test('where it is too large', async () => {
      const { having, honoured } = target()
      await having({ max_body_bytes: 65_536 }, async () => {
        const content = 'x'.repeat(100_000)
        const large = () => ask({ messages: [{ role: 'user', content }] })
        await honoured(async () => (await large()).status === 413)
        await expectRefusal(large(), { status: 413, code: 'body_too_large' })
      })
    })
  })
}
