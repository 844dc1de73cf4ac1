import { describe, expect, test } from 'bun:test'
import { text } from '../../fakes/responses-outputs'
import { refused, say, XAI_USAGE } from '../../fakes/responses-said'
import { responsesAsked } from '../../fakes/responses-upstream'
import { expectOfficial, expectOfficialStream } from '../../support/official-expectations'
import { officialFaults } from '../../support/official-responses'
import { until } from '../../support/programs'
import { after, answerOf, idIn, saying } from '../../support/responses-http'
import { expectRefusal, good, type List } from '../checks'
import type { Json, Target } from '../world'

const PATH = '/v1/responses'

/** Over an upstream that speaks Responses itself, and over one that speaks chat alone. */
const MODELS = [
  ['reply', 'responses'],
  ['talk', 'chat'],
] as const

/** `/v1/responses`, but for what goes on behind requests. */
export function responsesSuite(target: Target): void {
  describe.each(MODELS)('by %s, over an upstream of %s', (model, dialect) => {
    const create = (body: object) => target().responses.create({ model, ...body })
    const stream = async (body: object) => {
      const reply = await target().responses.ask({ model, stream: true, ...body })
      expect(reply.headers.get('content-type')).toStartWith('text/event-stream')
      return reply.text()
    }
    /** What the upstream was told last: its input or its messages. */
    const told = (): string => {
      const { fakes } = target()
      return (dialect === 'chat' ? fakes.chat : fakes.responses).asked().at(-1)?.body ?? ''
    }

    test('an answer is as OpenAI writes it', async () => {
      const made = await create({ input: 'Hi', instructions: 'Be brief.', metadata: { a: '1' } })
      expectOfficial(made)
      expect(made).toMatchObject({
        ...{ object: 'response', status: 'completed', model, store: true, background: false },
        ...{ instructions: 'Be brief.', metadata: { a: '1' }, previous_response_id: null },
      })
      expect(answerOf(made)).toBe('Hello there')
      expect(told()).toContain('Be brief.')
    })

    test('a stream is as OpenAI writes it, in its order', async () => {
      const events = expectOfficialStream(await stream({ input: 'Hi' }))
      expect(events.map(({ type }) => type).filter((type) => !type.endsWith('delta'))).toEqual([
        ...['response.created', 'response.in_progress', 'response.output_item.added'],
        ...['response.content_part.added', 'response.output_text.done'],
        ...['response.content_part.done', 'response.output_item.done', 'response.completed'],
      ])
      const { response } = events.at(-1) as unknown as { response: Parameters<typeof answerOf>[0] }
      expectOfficial(response)
      expect(answerOf(response)).toBe('Hello there')
    })

    test('an answer is found again, at once', async () => {
      const made = await create({ input: 'Hi' })
      expect(await target().responses.get(made.id)).toEqual(made)
    })

    test('a stream is found again, as an answer and as a stream', async () => {
      const said = await stream({ input: 'Hi' })
      const id = idIn(said)
      expect(answerOf(await target().responses.get(id))).toBe('Hello there')
      expect(await (await target().responses.watch(id)).text()).toBe(said)
      expect(await (await target().responses.watch(id, 3)).text()).toBe(after(said, 3))
    })

    test('what it was asked is told, page by page', async () => {
      const input = ['One', 'Two', 'Three'].map((content) => ({ role: 'user', content }))
      const { id } = await create({ input })
      const list = await good<List>(target().get(`${PATH}/${id}/input_items?limit=2&order=asc`))
      expect(officialFaults('ResponseItemList', list)).toEqual([])
      expect(list).toMatchObject({ object: 'list', has_more: true })
      const items = await target().responses.items(id, 2)
      expect(items.map(saying)).toEqual(['user: One', 'user: Two', 'user: Three'])
    })

    test('one that is deleted is gone', async () => {
      const { id } = await create({ input: 'Hi' })
      expect(await good(target().remove(`${PATH}/${id}`))).toMatchObject({ id, deleted: true })
      await expectRefusal(target().get(`${PATH}/${id}`), { status: 404 })
      await expectRefusal(target().get(`${PATH}/${id}/input_items`), { status: 404 })
      await expectRefusal(target().remove(`${PATH}/${id}`), { status: 404 })
    })

    test('one that is not to be kept is not', async () => {
      const { id } = await create({ input: 'Hi', store: false })
      await expectRefusal(target().get(`${PATH}/${id}`), { status: 404 })
    })

    test('a chain of turns goes on from what was said', async () => {
      let previous: string | undefined
      for (const input of ['One', 'Two', 'Three', 'Four']) {
        const link = previous && { previous_response_id: previous }
        const made = await create({ input, ...link })
        expect(made.previous_response_id).toBe(previous ?? (null as never))
        previous = made.id
      }
      for (const said of ['One', 'Two', 'Three', 'Four']) expect(told()).toContain(`"${said}"`)
      const items = await target().responses.items(String(previous), 3)
      expect(items.map(saying)).toEqual([
        ...['user: One', 'assistant: Hello there', 'user: Two', 'assistant: Hello there'],
        ...['user: Three', 'assistant: Hello there', 'user: Four'],
      ])
    })

    test('chains of streams, several at once, are not mixed', async () => {
      const chains = await Promise.all(
        Array.from({ length: 5 }, async (_, chain) => {
          let previous: string | undefined
          for (let turn = 0; turn < 4; turn++) {
            const link = previous && { previous_response_id: previous }
            previous = idIn(await stream({ input: `chain ${chain}, turn ${turn}`, ...link }))
          }
          return String(previous)
        }),
      )
      for (const [chain, id] of chains.entries()) {
        const items = await target().responses.items(id)
        expect(items.map(saying).filter((said) => said.startsWith('user'))).toEqual(
          [0, 1, 2, 3].map((turn) => `user: chain ${chain}, turn ${turn}`),
        )
      }
    })

    test('one may be gone on from twice', async () => {
      const first = await create({ input: 'One' })
      const link = { previous_response_id: first.id }
      const [left, right] = await Promise.all(
        ['Left', 'Right'].map((input) => create({ input, ...link })),
      )
      for (const [made, said] of [
        [left, 'Left'],
        [right, 'Right'],
      ] as const)
        expect((await target().responses.items(made?.id ?? '')).map(saying).at(-1)).toBe(
          `user: ${said}`,
        )
    })

    test('a conversation holds what was said in it', async () => {
      const items = [{ type: 'message', role: 'user', content: 'Before' }]
      const { id } = await good<{ id: string }>(target().post('/v1/conversations', { items }))
      const made = await create({ input: 'One', conversation: id })
      expect(made.conversation).toEqual({ id })
      expectOfficialStream(await stream({ input: 'Two', conversation: { id } }))
      const said = ['user: Before', 'user: One', 'assistant: Hello there', 'user: Two']
      await until(async () => {
        const list = await good<List>(target().get(`/v1/conversations/${id}/items?order=asc`))
        if (list.data.length < 5) return
        expect(list.data.map(saying)).toEqual([...said, 'assistant: Hello there'])
        return true
      })
      await create({ input: 'Three', conversation: id })
      for (const text of ['Before', 'One', 'Two', 'Three']) expect(told()).toContain(text)
    })

    test('tools are called, and answer', async () => {
      const tool = {
        type: 'function',
        name: 'look',
        parameters: { type: 'object', properties: {} },
      }
      await create({ input: 'Look', tools: [tool] })
      expect(told()).toContain('"look"')
      const input = [
        { role: 'user', content: 'Look' },
        { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'Moss.' },
      ]
      expect((await create({ input, tools: [tool] })).status).toBe('completed')
      expect(told()).toContain('Moss.')
    })

    test('a JSON schema reaches the upstream', async () => {
      const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }
      const format = { type: 'json_schema', name: 'one', schema }
      const made = await create({ input: 'Hi', text: { format } })
      expect(made.text).toMatchObject({ format })
      expect(told()).toContain('"json_schema"')
    })

    test('is there for its key alone', async () => {
      const { id } = await create({ input: 'Mine' })
      const { other } = target()
      for (const [method, path] of [
        ['GET', `${PATH}/${id}`],
        ['GET', `${PATH}/${id}/input_items`],
        ['POST', `${PATH}/${id}/cancel`],
        ['DELETE', `${PATH}/${id}`],
      ] as const)
        await expectRefusal(other.call(method, path), { status: 404 })
      const link = { model, input: 'Hi', previous_response_id: id }
      await expectRefusal(other.responses.ask(link), { status: 400, param: 'previous_response_id' })
    })

    test('tokens are counted before they are spent', async () => {
      const counted = await good(
        target().post(`${PATH}/input_tokens`, { model, input: 'Hi there' }),
      )
      expect(officialFaults('TokenCountsResource', counted)).toEqual([])
      expect(counted.input_tokens).toBeGreaterThan(0)
    })

    test('what was said is summed up, and gone on from', async () => {
      const input = [
        { role: 'user', content: 'My name is Ada.' },
        { role: 'assistant', content: 'Hello Ada.' },
      ]
      const compact = await good<Json & { output: readonly Json[] }>(
        target().post(`${PATH}/compact`, { model, input }),
      )
      expect(officialFaults('CompactResource', compact)).toEqual([])
      expect(compact.output.map(({ type }) => type)).toContain('compaction')
      const next = await create({
        input: [...compact.output, { role: 'user', content: 'Who am I?' }],
      })
      expect(next.status).toBe('completed')
      expect(told()).toContain('Who am I?')
    })
  })

  describe('a request is refused', () => {
    const ask = (body: object) => target().responses.ask({ model: 'reply', ...body })

    test('from nobody', async () => {
      const reply = target().stranger('POST', PATH, { model: 'reply', input: 'Hi' })
      await expectRefusal(reply, { status: 401, code: 'invalid_api_key' })
    })

    test.each([
      [{ model: 5, input: 'x' }, 'model'],
      [{ input: 5 }, 'input'],
      [{ input: 'x', stream: 'yes' }, 'stream'],
      [{ input: 'x', temperature: 5 }, 'temperature'],
      [{ input: 'x', store: 'yes' }, 'store'],
      [{ input: 'x', metadata: { a: 1 } }, 'metadata.a'],
    ])('with %j', async (body, param) => {
      await expectRefusal(ask(body), { status: 400, code: 'invalid_value', param })
    })

    test('that goes on from what never was', async () => {
      const reply = ask({ input: 'x', previous_response_id: 'resp_nothing' })
      await expectRefusal(reply, { status: 400, param: 'previous_response_id' })
    })

    test('of a conversation that never was', async () => {
      const reply = await ask({ input: 'x', conversation: 'conv_nothing' })
      expect(reply.status).toBeOneOf([400, 404])
      await expectRefusal(reply, { param: 'conversation' } as never)
    })

    test('for a model that nobody serves', async () => {
      const reply = ask({ model: 'no-such-model', input: 'x' })
      await expectRefusal(reply, { status: 404, code: 'model_not_found' })
    })

    test('as another type', async () => {
      const reply = target().post(PATH, 'x', { headers: { 'content-type': 'text/plain' } })
      await expectRefusal(reply, { status: 415, code: 'unsupported_media_type' })
    })

    test('by a method that is none', async () => {
      await expectRefusal(target().call('PUT', PATH, {}), { status: 405 })
    })

    test.each(['GET', 'DELETE'])('to %s what never was', async (method) => {
      await expectRefusal(target().call(method, `${PATH}/resp_nothing`), { status: 404 })
    })

    test("by the upstream, in the upstream's words", async () => {
      target().fakes.responds(() => refused(400, 'invalid-argument', 'That is too much to ask.'))
      const reply = await ask({ input: 'x' })
      const { error } = (await reply.clone().json()) as { error: { message: string } }
      expect(error.message).toContain('That is too much to ask.')
      await expectRefusal(reply, { status: 400 })
    })
  })

  test('an answer that is cut short says so', async () => {
    target().fakes.responds((asked) =>
      say(asked, [text('Hello')], { incomplete: 'max_output_tokens' }),
    )
    const made = await target().responses.create({ model: 'reply', input: 'Hi' })
    expect(made).toMatchObject({
      ...{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    })
    expectOfficial(made)
  })

  test('what it took is told', async () => {
    const { usage } = await target().responses.create({ model: 'reply', input: 'Hi' })
    expect(usage).toMatchObject({ input_tokens: XAI_USAGE.input_tokens })
  })

  test('the upstream is told what was asked, and no more', async () => {
    await target().responses.create({ model: 'reply', input: 'Hi', reasoning: { effort: 'low' } })
    const seen = target().fakes.responses.asked().at(-1)
    if (!seen) throw new Error('Nobody asked.')
    expect(responsesAsked(seen)).toMatchObject({ reasoning: { effort: 'low' } })
    expect(seen.headers.get('authorization')).toBe('Bearer sk-reply-account-1')
    expect(seen.headers.get('x-forwarded-for')).toBeNull()
  })
}
