import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI, { toFile } from 'openai'
import { typeOf } from '../fakes/media/pictures'
import {
  filesSent,
  hashOf,
  kindMachine,
  MEDIA_KINDS,
  type MediaKind,
  made,
  PICTURES,
  picturesSent,
} from '../support/media-kinds'
import type { Machine, MediaMachine } from '../support/media-machine'
import { until } from '../support/programs'

// The official SDK in front of the real executable, over each kind of account.

const LONG = 60_000
const PROMPT = 'A fern in the rain'
const TEXT = 'Moss grows on the north side.'
const { jpeg: A, png: B, webp: C, another: D, mask: MASK } = PICTURES

/** What is behind an address of an answer, for anybody who has it. */
async function opened({ url }: Machine, address: string | undefined): Promise<Uint8Array> {
  expect(address).toMatch(/\/(?:images|videos)\/[\da-f]{32}\.\w{3,4}$/)
  expect(address).toStartWith(`${url}/`)
  const answer = await fetch(address ?? '')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  return answer.bytes()
}

describe.each(MEDIA_KINDS.map((kind): [string, MediaKind] => [kind.name, kind]))(
  'over %s the SDK',
  (_, kind) => {
    let world: MediaMachine
    let it: Machine
    let sdk: OpenAI
    beforeAll(async () => {
      world = await kindMachine(kind)
      it = await world.start()
      sdk = it.sdk
    }, LONG)
    afterAll(async () => {
      await it?.[Symbol.asyncDispose]()
      const complaints = world?.grok.complaints()
      await world?.[Symbol.asyncDispose]()
      expect(complaints).toEqual([])
    })

    /** That bytes are what an upstream has made. */
    const expectMade = (bytes: Uint8Array) => expect(made(world)).toContain(hashOf(bytes))

    test(
      'generates pictures, more than one call makes, as addresses and whole',
      async () => {
        const [model, n] = kind.many
        const asked = { model, n, prompt: PROMPT }
        const { data = [], created } = await sdk.images.generate({
          ...asked,
          response_format: 'url',
        })
        expect(created).toBeWithin(Date.now() / 1000 - 60, Date.now() / 1000 + 1)
        expect(new Set(data.map(({ url }) => url)).size).toBe(n)
        for (const { url } of data) expectMade(await opened(it, url))
        const whole = await sdk.images.generate({ ...asked, n: 2, response_format: 'b64_json' })
        expect(whole.data).toHaveLength(2)
        for (const { b64_json } of whole.data ?? [])
          expect(typeOf(Buffer.from(b64_json ?? '', 'base64'))).toBeDefined()
      },
      LONG,
    )

    test(
      'streams pictures, with previews where the upstream shows some',
      async () => {
        const asked = {
          model: kind.image,
          prompt: PROMPT,
          stream: true,
          partial_images: 2,
        } as const
        const types: string[] = []
        for await (const event of await sdk.images.generate(asked)) {
          types.push(event.type)
          expect(typeOf(Buffer.from(event.b64_json, 'base64'))).toBeDefined()
        }
        expect(types.at(-1)).toBe('image_generation.completed')
        expect(types.filter((type) => type.endsWith('completed'))).toHaveLength(1)
        expect(types.includes('image_generation.partial_image')).toBe(kind.previews)
      },
      LONG,
    )

    test(
      'changes several pictures, with a mask where the upstream has masks',
      async () => {
        const image = await Promise.all(
          [A, B, C].map((bytes, at) => toFile(bytes, `${at}.png`, { type: 'image/png' })),
        )
        const asked = { model: kind.edit, prompt: PROMPT, image }
        const { data = [] } = await sdk.images.edit({ ...asked, response_format: 'url' })
        expect(data).toHaveLength(1)
        expectMade(await opened(it, data[0]?.url))
        const sent = new Set(picturesSent(world).map(hashOf))
        for (const bytes of [A, B, C]) expect(sent).toContain(hashOf(bytes))
        const masked = sdk.images.edit({
          ...{
            model: kind.edit,
            prompt: PROMPT,
            image: await toFile(B, 'b.png', { type: 'image/png' }),
          },
          mask: await toFile(MASK, 'mask.png', { type: 'image/png' }),
        })
        if (kind.masks) {
          expect(typeOf(Buffer.from((await masked).data?.[0]?.b64_json ?? '', 'base64'))).toBe(
            'png',
          )
          expect(
            world.openai
              .callsOf('images.edits')
              .at(-1)
              ?.pictures.map(({ field }) => field),
          ).toEqual(['image', 'mask'])
          return
        }
        const refused = await masked.catch((cause: unknown) => cause)
        expect(refused).toBeInstanceOf(OpenAI.BadRequestError)
        expect(refused).toMatchObject({ code: 'unsupported_parameter', param: 'mask' })
      },
      LONG,
    )

    test(
      'keeps files, and names them in chats, responses and edits',
      async () => {
        const file = await sdk.files.create({
          file: await toFile(Buffer.from(TEXT), 'moss.txt'),
          purpose: 'user_data',
        })
        const picture = await sdk.files.create({
          file: await toFile(D, 'cat.jpg'),
          purpose: 'vision',
        })
        expect(file).toMatchObject({ object: 'file', bytes: TEXT.length, filename: 'moss.txt' })
        expect((await sdk.files.list()).data.map(({ id }) => id)).toEqual([picture.id, file.id])
        expect(await sdk.files.retrieve(file.id)).toEqual(file)
        expect(await (await sdk.files.content(file.id)).text()).toBe(TEXT)
        const chat = await sdk.chat.completions.create({
          model: kind.chat,
          messages: [
            {
              role: 'user',
              content: [
                { type: 'file', file: { file_id: file.id } },
                { type: 'text', text: 'What does it say?' },
              ],
            },
          ],
        })
        expect(chat.choices[0]?.message.content).toBeTruthy()
        const response = await sdk.responses.create({
          model: kind.chat,
          store: false,
          input: [
            {
              role: 'user',
              content: [
                { type: 'input_file', file_id: file.id },
                { type: 'input_text', text: 'What does it say?' },
              ],
            },
          ],
        })
        expect(response.output_text).toBeTruthy()
        expect(filesSent(world)).toContain(TEXT)
        // The SDK has no word for it; its request is the JSON form of the API.
        const edit = await sdk.post('/images/edits', {
          body: {
            model: kind.edit,
            prompt: PROMPT,
            images: [{ file_id: picture.id }],
            response_format: 'url',
          },
        })
        expectMade(await opened(it, (edit as OpenAI.ImagesResponse).data?.[0]?.url))
        expect(hashOf(picturesSent(world).at(-1) ?? B)).toBe(hashOf(D))
        for (const { id } of [file, picture])
          expect(await sdk.files.delete(id)).toMatchObject({ id, deleted: true })
        expect((await sdk.files.list()).data).toEqual([])
        const gone = await sdk.files.retrieve(file.id).catch((cause: unknown) => cause)
        expect(gone).toBeInstanceOf(OpenAI.NotFoundError)
      },
      LONG,
    )

    if (kind.video)
      test(
        'has videos made, looks at them, downloads, lists and deletes them',
        async () => {
          const model = kind.video as OpenAI.VideoModel
          const input_reference = await toFile(A, 'cat.jpg', { type: 'image/jpeg' })
          const { id } = await sdk.videos.create({
            model,
            prompt: PROMPT,
            seconds: '4',
            input_reference,
          })
          const done = await until(async () => {
            const video = await sdk.videos.retrieve(id)
            expect(video.status).not.toBe('failed')
            return video.status === 'completed' ? video : undefined
          }, 30_000)
          expect(done).toMatchObject({ id, object: 'video', progress: 100, error: null })
          const content = await sdk.videos.downloadContent(id)
          expect(content.headers.get('content-type')).toBe('video/mp4')
          expect(made(world)).toContain(hashOf(await content.bytes()))
          expect((await sdk.videos.list()).data.map((video) => video.id)).toEqual([id])
          expect(await sdk.videos.delete(id)).toMatchObject({ id, deleted: true })
          expect((await sdk.videos.list()).data).toEqual([])
          expect(await sdk.videos.retrieve(id).catch((cause: unknown) => cause)).toBeInstanceOf(
            OpenAI.NotFoundError,
          )
        },
        LONG,
      )

    if (kind.embedding)
      test('embeds texts, whichever form it asks for', async () => {
        const model = kind.embedding ?? ''
        const input = ['moss', 'fern']
        const usual = await sdk.embeddings.create({ model, input })
        const floats = await sdk.embeddings.create({ model, input, encoding_format: 'float' })
        for (const at of [0, 1]) {
          const [one, other] = [usual.data[at]?.embedding ?? [], floats.data[at]?.embedding ?? []]
          expect(one.length).toBeGreaterThan(1)
          expect(one.map(Math.fround)).toEqual(other.map(Math.fround))
        }
      })
  },
)
