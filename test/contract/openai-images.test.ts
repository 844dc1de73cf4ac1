import { describe, expect, test } from 'bun:test'
import { Compile } from 'typebox/compile'
import { Compile as compileSchema } from 'typebox/schema'
import { readOrder } from '#src/api/images/order'
import { picturesOf } from '#src/api/images/pictures'
import { ImageEdit, ImageGeneration } from '#src/api/images/schema'
import { ApiError } from '#src/errors'
import { jpeg } from '../fakes/media/jpeg'
import { gateway } from '../support/gateway'
import { mediaPool } from '../support/media-pool'
import { OFFICIAL, type Schema } from '../support/official'
import { imageSchemas, officialImageFaults, officialImages } from '../support/official-images'
import { samplesOf } from '../support/samples'

const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`

test('the copy of the official schemas is up to date', async () => {
  const document = Bun.file(OFFICIAL)
  // Only a workshop has the original; elsewhere the copy is all there is.
  if (!(await document.exists())) return
  const wanted = imageSchemas(await document.json())
  expect(wanted, 'run: bun test/support/official-images.ts').toEqual(officialImages)
})

describe('what the official schema accepts', () => {
  /** Requests with one field each besides what none can do without. */
  function samples(name: keyof typeof BASES): readonly object[] {
    const isOfficial = compileSchema({ $defs: officialImages, $ref: `#/$defs/${name}` })
    const fields = Object.entries(officialImages[name]?.properties ?? {})
    const all = fields.flatMap(([field, schema]) =>
      samplesOf(schema as Schema, officialImages).map((value) => ({
        ...BASES[name],
        [field]: value,
      })),
    )
    return all.filter((sample) => isOfficial.Check(sample))
  }

  test.each([
    ['CreateImageRequest', ImageGeneration],
    ['EditImageBodyJsonParam', ImageEdit],
  ] as const)('our schema accepts too: %s', (name, schema) => {
    const ours = Compile(schema)
    const all = samples(name)
    expect(all.length).toBeGreaterThan(40)
    const refused = all.flatMap((sample) =>
      ours.Check(sample) ? [] : [{ sample, errors: ours.Errors(sample) }],
    )
    expect(refused).toEqual([])
  })

  test('is read, but for what nobody can make anything of', () => {
    const refused = samples('CreateImageRequest').flatMap((sample) => {
      try {
        readOrder(sample as ImageGeneration, 'generate')
        return []
      } catch (cause) {
        return cause instanceof ApiError ? String(cause.details.param) : 'a bug'
      }
    })
    // They may be any text there, and there may be previews of what is not streamed.
    expect([...new Set(refused)].sort()).toEqual(['partial_images', 'prompt', 'size'])
  })

  test('is read of edits in JSON', () => {
    const images = [{ image_url: PICTURE }, { file_id: 'file-1' }]
    const asked = { prompt: 'Snow', images, mask: { image_url: PICTURE } }
    expect(officialImageFaults('EditImageBodyJsonParam', asked)).toEqual([])
    expect(picturesOf(asked).pictures).toHaveLength(2)
  })
})

const BASES = {
  CreateImageRequest: { prompt: 'A fern' },
  EditImageBodyJsonParam: { prompt: 'Snow', images: [{ image_url: PICTURE }] },
}

interface Event {
  readonly type: string
}

describe('what we answer', () => {
  const ASK = { prompt: 'A fern', model: 'gpt-image-1' }

  test.each([
    ['new pictures', '/v1/images/generations', ASK],
    ['several', '/v1/images/generations', { ...ASK, n: 3, size: '1536x1024', quality: 'low' }],
    ['by addresses', '/v1/images/generations', { ...ASK, response_format: 'url' }],
    ['changed ones', '/v1/images/edits', { ...ASK, images: [{ image_url: PICTURE }] }],
  ])('is what OpenAI would: %s', async (_, path, body) => {
    await using it = await mediaPool({ openai: ['one'] })
    const reply = await it.post(path, body)
    expect(officialImageFaults('ImagesResponse', await reply.json())).toEqual([])
  })

  test.each([
    ['ImageGenStreamEvent', '/v1/images/generations', {}],
    ['ImageEditStreamEvent', '/v1/images/edits', { image: PICTURE }],
  ] as const)('is what OpenAI would in a stream: %s', async (name, path, more) => {
    await using it = await mediaPool({ openai: ['one'] })
    const body = { ...ASK, ...more, stream: true, partial_images: 2, n: 2 }
    const text = await (await it.post(path, body)).text()
    const blocks = text.split('\n\n').filter(Boolean)
    expect(blocks).toHaveLength(6)
    for (const block of blocks) {
      const [, type, data = ''] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? []
      const event: Event = JSON.parse(data)
      expect(event.type).toBe(String(type))
      expect(officialImageFaults(name, event)).toEqual([])
    }
  })

  test('is shown so in our document', async () => {
    await using gate = await gateway()
    const { paths } = await (await gate.get('/openapi.json')).json()
    for (const path of ['/v1/images/generations', '/v1/images/edits']) {
      const { content } = paths[path].post.responses['200']
      const [example] = content['application/json'].schema.examples
      expect(officialImageFaults('ImagesResponse', example)).toEqual([])
      const [event] = content['text/event-stream'].schema.examples
      expect(officialImageFaults('ImageGenStreamEvent', event)).toEqual([])
    }
    const { requestBody } = paths['/v1/images/edits'].post
    expect(Object.keys(requestBody.content)).toEqual(['application/json', 'multipart/form-data'])
  })
})
