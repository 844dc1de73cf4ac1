import { describe, expect, test } from 'bun:test'
import { toFile } from 'openai'
import { jpeg } from '../../fakes/media/jpeg'
import { png, typeOf } from '../../fakes/media/pictures'
import { officialImageFaults } from '../../support/official-images'
import { expectRefusal, good, tagOf } from '../checks'
import type { Json, Target } from '../world'

const PROMPT = 'A fern in the rain'
const PATH = '/v1/images'

const KINDS = [
  ['xAI', 'grok-imagine-image', 'grok-imagine-image'],
  ['OpenAI', 'gpt-image-1', 'gpt-image-1'],
  ['grok.com', 'grok-imagine-1.0', 'grok-imagine-1.0-edit'],
] as const

interface Pictures extends Json {
  readonly data: readonly { readonly url?: string; readonly b64_json?: string }[]
}

const typeOf64 = (base64 = '') => typeOf(Uint8Array.fromBase64(base64))

/** `/v1/images` */
export function imagesSuite(target: Target): void {
  const generate = (body: object) =>
    target().post(`${PATH}/generations`, { prompt: PROMPT, ...body })

  describe.each(KINDS)('pictures of %s', (_, model, editModel) => {
    test('come by addresses of ours, which lead to them', async () => {
      const answer = await good<Pictures>(generate({ model, n: 2, response_format: 'url' }))
      expect(officialImageFaults('ImagesResponse', answer)).toEqual([])
      expect(answer.data).toHaveLength(2)
      for (const { url = '', b64_json } of answer.data) {
        expect(url).toStartWith(`${target().url}/images/`)
        expect(b64_json).toBeUndefined()
        const picture = await fetch(url)
        expect(picture.status).toBe(200)
        const bytes = await picture.bytes()
        expect(picture.headers.get('content-type')).toBe(`image/${typeOf(bytes)}`)
      }
    })

    test('come whole', async () => {
      const answer = await good<Pictures>(generate({ model, response_format: 'b64_json' }))
      expect(typeOf64(answer.data[0]?.b64_json)).toBeDefined()
      expect(answer.data[0]?.url).toBeUndefined()
    })

    test('say who made them', async () => {
      const reply = await generate({ model })
      expect(reply.headers.get('x-groxy-model')).toBe(model)
      expect(reply.headers.get('x-groxy-attempts')).toBe('1')
      await good(reply)
    })

    test('are as many as were asked for', async () => {
      const { data } = await good<Pictures>(generate({ model, n: 5 }))
      expect(new Set(data.map(({ url, b64_json }) => url ?? b64_json)).size).toBe(5)
    })

    test('are streamed as they come', async () => {
      const { images } = target().sdk
      const types: string[] = []
      for await (const event of await images.generate({
        model,
        prompt: PROMPT,
        n: 2,
        stream: true,
      })) {
        // A picture has the size that it has, also one that OpenAI does not make.
        const faults = officialImageFaults('ImageGenStreamEvent', { ...event, size: '1024x1024' })
        expect(faults).toEqual([])
        types.push(event.type)
      }
      expect(types.filter((type) => type.endsWith('completed'))).toHaveLength(2)
    })

    test('are changed, of one and of several', async () => {
      const { images } = target().sdk
      const picture = await toFile(jpeg('a cat'), 'a.jpg')
      for (const image of [picture, [picture, await toFile(png('a dog'), 'b.png')]]) {
        const asked = {
          model: editModel,
          prompt: PROMPT,
          image,
          response_format: 'b64_json' as const,
        }
        const { data } = await images.edit(asked)
        expect(typeOf64(data?.[0]?.b64_json)).toBeDefined()
      }
    })

    test('are changed by what came as JSON', async () => {
      const image = { url: `data:image/jpeg;base64,${jpeg('a cat').toBase64()}` }
      const body = { model: editModel, prompt: PROMPT, image, response_format: 'url' }
      const { data } = await good<Pictures>(target().post(`${PATH}/edits`, body))
      expect((await fetch(data[0]?.url ?? '')).status).toBe(200)
    })
  })

  describe('an address of ours', () => {
    const made = async () => {
      const body = { model: 'grok-imagine-image', response_format: 'url' }
      const { data } = await good<Pictures>(generate(body))
      return data[0]?.url ?? ''
    }

    test('is sent in part, not again to who has it, and its head alone', async () => {
      const url = await made()
      const whole = await fetch(url)
      const bytes = await whole.bytes()
      const etag = await tagOf(() => fetch(url, { method: 'HEAD' }))
      expect(whole.headers.get('cache-control')).toContain('immutable')
      expect(whole.headers.get('x-content-type-options')).toBe('nosniff')
      const part = await fetch(url, { headers: { range: 'bytes=4-9' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes 4-9/${bytes.length}`,
      ])
      expect(await part.bytes()).toEqual(bytes.subarray(4, 10))
      const end = await fetch(url, { headers: { range: 'bytes=-7' } })
      expect(await end.bytes()).toEqual(bytes.subarray(-7))
      const again = await fetch(url, { headers: { 'if-none-match': etag } })
      expect([again.status, await again.text()]).toEqual([304, ''])
      const head = await fetch(url, { method: 'HEAD' })
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
        ...[200, `${bytes.length}`, ''],
      ])
      const beyond = await fetch(url, { headers: { range: `bytes=${bytes.length}-` } })
      await expectRefusal(beyond, { status: 416, code: 'range_not_satisfiable' })
      expect(beyond.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
    })

    test('that was never given leads nowhere', async () => {
      const reply = target().stranger('GET', `/images/${'0'.repeat(32)}.jpg`)
      await expectRefusal(reply, { status: 404, code: 'not_found' })
    })

    test('is given to what a client brings, too', async () => {
      const bytes = jpeg('a cat', 300_000)
      const form = new FormData()
      form.set('file', new Blob([bytes], { type: 'image/jpeg' }), 'a.jpg')
      const { url } = await good<{ url: string }>(target().post('/v1/uploads/image', form))
      expect(url).toStartWith(`${target().url}/images/`)
      expect(Bun.deepEquals(await (await fetch(url)).bytes(), bytes)).toBe(true)
    })
  })

  describe('are refused', () => {
    test.each([
      [{ prompt: undefined }, 'prompt'],
      [{ n: 0 }, 'n'],
      [{ size: 'big' }, 'size'],
      [{ response_format: 'pdf' }, 'response_format'],
    ])('for %j', async (body, param) => {
      const reply = generate({ model: 'grok-imagine-image', ...body })
      await expectRefusal(reply, { status: 400, param })
    })

    test('to strangers', async () => {
      for (const path of ['generations', 'edits'])
        await expectRefusal(target().stranger('POST', `${PATH}/${path}`, {}), { status: 401 })
      await expectRefusal(target().stranger('POST', '/v1/uploads/image', {}), { status: 401 })
    })

    test('by a method that is none', async () => {
      const reply = await target().remove(`${PATH}/generations`)
      await expectRefusal(reply, { status: 405, code: 'method_not_allowed' })
      expect(reply.headers.get('allow')).toBe('POST')
    })

    test('where nobody makes them any more: variations', async () => {
      const reply = target().post(`${PATH}/variations`, {})
      await expectRefusal(reply, { status: 404 })
    })

    test('for a model that nobody serves', async () => {
      await expectRefusal(generate({ model: 'no-such-model' }), {
        status: 404,
        code: 'model_not_found',
      })
    })

    test('where what is to be changed is no picture', async () => {
      const form = new FormData()
      form.set('model', 'gpt-image-1')
      form.set('prompt', PROMPT)
      form.set('image', new Blob(['no picture']), 'a.png')
      await expectRefusal(target().post(`${PATH}/edits`, form), { status: 400 })
    })
  })

  test('how grok.com makes them is told', async () => {
    expect(await good(target().get(`${PATH}/method`))).toEqual({
      image_generation_method: 'legacy',
    })
  })
}
