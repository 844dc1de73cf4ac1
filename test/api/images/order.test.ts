import { describe, expect, test } from 'bun:test'
import { readOrder } from '#src/api/images/order'
import { ImageEditFields, ImageGeneration } from '#src/api/images/schema'
import { ApiError } from '#src/errors'
import { createChecks } from '#src/http/body'

const check = createChecks(true)(ImageGeneration)
const order = (fields: object) => readOrder(check({ prompt: 'A fern', ...fields }), 'generate')

/** Why a request is refused, if it is. */
function refusal(fields: object) {
  try {
    order(fields)
    return
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    return { status: cause.status, ...cause.toBody().error }
  }
}

describe('an order', () => {
  test('of nothing but words leaves all else open', () => {
    expect(order({})).toEqual({
      model: undefined,
      n: 1,
      stream: false,
      format: 'url',
      wantsAddress: false,
      atOnce: 3,
      wanted: {
        work: 'generate',
        prompt: 'A fern',
        size: undefined,
        ratio: undefined,
        resolution: undefined,
        quality: undefined,
        outputFormat: undefined,
        partials: 0,
        others: {},
      },
    })
  })

  test('takes null for what a program left out', () => {
    const names = Object.keys(ImageGeneration.properties).filter((name) => name !== 'prompt')
    expect(order(Object.fromEntries(names.map((name) => [name, null])))).toEqual(order({}))
  })

  test('keeps what it has no words for, and nothing that it has', () => {
    const others = { background: 'opaque', user: 'u', output_compression: 80, seed: 7, x: { y: 1 } }
    const { wanted } = order({
      ...others,
      model: 'm',
      n: 2,
      stream: true,
      partial_images: 2,
      quality: 'high',
      output_format: 'webp',
      response_format: 'url',
      concurrency: 2,
      deferred: false,
    })
    expect(wanted.others).toEqual(others)
    expect(wanted).toMatchObject({ quality: 'high', outputFormat: 'webp', partials: 2 })
  })

  test.each([
    [{ size: '1024x1536' }, { width: 1024, height: 1536 }, undefined, undefined],
    [{ size: '1792X1024' }, { width: 1792, height: 1024 }, undefined, undefined],
    [{ size: 'auto' }, undefined, undefined, undefined],
    [{ size: '16:9' }, undefined, '16:9', undefined],
    [{ aspect_ratio: 'auto', resolution: '2k' }, undefined, undefined, '2k'],
    [{ aspect_ratio: '9:19.5' }, undefined, '9:19.5', undefined],
    [
      { size: '1024x1024', aspect_ratio: '3:2', resolution: '2k' },
      { width: 1024, height: 1024 },
      '3:2',
      '2k',
    ],
  ])('says of %o what every upstream needs', (fields, size, ratio, resolution) => {
    expect(order(fields).wanted).toMatchObject({ size, ratio, resolution } as never)
  })

  test.each([
    [{}, 'url', false],
    [{ response_format: 'url' }, 'url', true],
    [{ response_format: 'b64_json' }, 'b64_json', false],
    [{ response_format: 'base64' }, 'b64_json', false],
    [{ image_format: 'base64' }, 'b64_json', false],
    [{ response_format: 'url', image_format: 'base64' }, 'url', true],
    [{ model: 'gpt-image-2' }, 'b64_json', false],
    [{ model: 'chatgpt-image-latest' }, 'b64_json', false],
    [{ model: 'gpt-image-2', response_format: 'url' }, 'url', true],
    [{ model: 'dall-e-2' }, 'url', false],
  ] as const)('with %o is answered as %s', (fields, format, wantsAddress) => {
    expect(order(fields)).toMatchObject({ format, wantsAddress })
  })
})

describe('is refused with its field:', () => {
  test.each([
    [{ prompt: undefined }, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: ' \n' }, 'prompt'],
    [{ prompt: 7 }, 'prompt'],
    [{ prompt: 'x'.repeat(32_001) }, 'prompt'],
    [{ model: 7 }, 'model'],
    [{ n: 0 }, 'n'],
    [{ n: 11 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ n: '2' }, 'n'],
    [{ size: 'big' }, 'size'],
    [{ size: '1024' }, 'size'],
    [{ size: '0x0' }, 'size'],
    [{ size: '99999x99999' }, 'size'],
    [{ size: '1024x1024x1024' }, 'size'],
    [{ size: '7:3' }, 'size'],
    [{ size: 1024 }, 'size'],
    [{ aspect_ratio: '7:3' }, 'aspect_ratio'],
    [{ resolution: '4k' }, 'resolution'],
    [{ quality: 'ultra' }, 'quality'],
    [{ response_format: 'png' }, 'response_format'],
    [{ image_format: 'png' }, 'image_format'],
    [{ output_format: 'gif' }, 'output_format'],
    [{ output_compression: 101 }, 'output_compression'],
    [{ background: 'blue' }, 'background'],
    [{ background: 'transparent', output_format: 'jpeg' }, 'output_format'],
    [{ moderation: 'none' }, 'moderation'],
    [{ style: 'baroque' }, 'style'],
    [{ user: 7 }, 'user'],
    [{ stream: 'yes' }, 'stream'],
    [{ partial_images: 4, stream: true }, 'partial_images'],
    [{ partial_images: 2 }, 'partial_images'],
    [{ concurrency: 4 }, 'concurrency'],
    [{ deferred: 'no' }, 'deferred'],
  ])('%o', (fields, param) => {
    expect(refusal(fields)).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_value',
      param,
    })
  })

  test('deferred pictures, and what to do', () => {
    const found = refusal({ deferred: true })
    expect(found).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'deferred' })
    expect(found?.message).toContain('wait for the answer')
  })

  test('previews of none are none', () => {
    expect(refusal({ partial_images: 0 })).toBeUndefined()
  })

  test('a fidelity that nobody knows', () => {
    const edit = createChecks(true)(ImageEditFields)
    expect(() => edit({ prompt: 'x', input_fidelity: 'odd' })).toThrow('input_fidelity')
  })
})
