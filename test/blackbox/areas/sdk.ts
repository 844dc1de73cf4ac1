import { describe, expect, test } from 'bun:test'
import {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  toFile,
} from 'openai'
import { png } from '../../fakes/media/pictures'
import { failureOf } from '../../support/failure'
import type { Target } from '../world'

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }]

/** OpenAI's own SDK, which must not notice. */
export function sdkSuite(target: Target): void {
  const sdk = () => target().sdk

  test('lists models', async () => {
    const ids: string[] = []
    for await (const { id } of sdk().models.list()) ids.push(id)
    expect(ids).toContain('talk')
    expect(await sdk().models.retrieve('talk')).toMatchObject({ id: 'talk', object: 'model' })
  })

  describe.each(['talk', 'grok-4.7', 'gpt-5', 'grok-4.1'])('with %s', (model) => {
    test('chats', async () => {
      const { choices, usage } = await sdk().chat.completions.create({ model, messages: MESSAGES })
      expect(choices[0]?.message.content?.length).toBeGreaterThan(0)
      expect(usage?.total_tokens).toBeGreaterThan(0)
    })

    test('chats by a stream', async () => {
      const stream = sdk().chat.completions.stream({ model, messages: MESSAGES })
      const pieces: string[] = []
      stream.on('content', (piece) => pieces.push(piece))
      const { choices } = await stream.finalChatCompletion()
      expect(choices[0]?.message.content).toBe(pieces.join(''))
      expect(choices[0]?.finish_reason).toBe('stop')
    })

    test('gets a response', async () => {
      const { output_text: text, status } = await sdk().responses.create({ model, input: 'Hi' })
      expect([text.length > 0, status]).toEqual([true, 'completed'])
    })

    test('gets a response by a stream, and finds it again', async () => {
      const stream = sdk().responses.stream({ model, input: 'Hi' })
      const pieces: string[] = []
      stream.on('response.output_text.delta', ({ delta }) => pieces.push(delta))
      const final = await stream.finalResponse()
      expect(final.output_text).toBe(pieces.join(''))
      const again = await sdk().responses.retrieve(final.id)
      expect(again.output_text).toBe(final.output_text)
    })
  })

  test('holds a conversation', async () => {
    const { conversations, responses } = sdk()
    const { id } = await conversations.create({ metadata: { a: '1' } })
    await responses.create({ model: 'talk', input: 'One', conversation: id })
    await responses.create({ model: 'talk', input: 'Two', conversation: id })
    const items: string[] = []
    for await (const item of conversations.items.list(id, { order: 'asc', limit: 2 }))
      items.push(item.type)
    expect(items).toEqual(Array(4).fill('message'))
    expect(await conversations.delete(id)).toMatchObject({ deleted: true })
  })

  test('waits for what is made in the background', async () => {
    const { responses } = sdk()
    let made = await responses.create({ model: 'talk', input: 'Hi', background: true })
    while (made.status === 'queued' || made.status === 'in_progress') {
      await Bun.sleep(100)
      made = await responses.retrieve(made.id)
    }
    expect([made.status, made.output_text]).toEqual(['completed', 'Hello there'])
  })

  test('lists what a response was asked', async () => {
    const { responses } = sdk()
    const { id } = await responses.create({ model: 'talk', input: 'Hi' })
    const items: string[] = []
    for await (const item of responses.inputItems.list(id)) items.push(item.type ?? '')
    expect(items).toEqual(['message'])
    await responses.delete(id)
    await failureOf(responses.retrieve(id), NotFoundError)
  })

  test('sends files, and reads them', async () => {
    const { files } = sdk()
    const bytes = png('a')
    const { id } = await files.create({ file: await toFile(bytes, 'a.png'), purpose: 'vision' })
    expect(new Uint8Array(await (await files.content(id)).arrayBuffer())).toEqual(
      new Uint8Array(bytes),
    )
    const ids: string[] = []
    for await (const file of files.list({ limit: 1 })) ids.push(file.id)
    expect(ids).toContain(id)
    expect(await files.delete(id)).toMatchObject({ id, deleted: true })
  })

  test('makes and changes pictures', async () => {
    const { images } = sdk()
    const { data } = await images.generate({ model: 'gpt-image-1', prompt: 'A fern' })
    expect(data?.[0]?.b64_json?.length).toBeGreaterThan(100)
    const image = await toFile(png('a'), 'a.png', { type: 'image/png' })
    const changed = await images.edit({ model: 'gpt-image-1', prompt: 'Snow', image })
    expect(changed.data).toHaveLength(1)
  })

  test('embeds', async () => {
    const { data } = await sdk().embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
    })
    expect(data.map(({ embedding }) => embedding.length)).toEqual([1536, 1536])
  })

  test('knows what it was refused', async () => {
    const { client, sdk: own } = target()
    const { chat } = client('sk-groxy-wrong').sdk
    const asked = { model: 'talk', messages: MESSAGES }
    await failureOf(chat.completions.create(asked), AuthenticationError)
    const create = (more: object) =>
      own.chat.completions.create({ ...asked, ...more } as typeof asked)
    expect((await failureOf(create({ model: 'no-such-model' }), NotFoundError)).code).toBe(
      'model_not_found',
    )
    expect((await failureOf(create({ temperature: 5 }), BadRequestError)).param).toBe('temperature')
    const limited = await target().newKey({ models: ['reply'] })
    await failureOf(limited.sdk.chat.completions.create(asked), PermissionDeniedError)
  })
}
