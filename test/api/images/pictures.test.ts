import { describe, expect, test } from 'bun:test'
import { readForm } from '#src/api/images/form'
import { picturesOf } from '#src/api/images/pictures'
import { ImageEdit } from '#src/api/images/schema'
import { ApiError } from '#src/errors'
import { createChecks } from '#src/http/body'
import { createForms } from '#src/http/form'
import { createIntake } from '#src/http/intake'

const check = createChecks(true)(ImageEdit)
const ofJson = (fields: object) => picturesOf(check({ prompt: 'x', ...fields }))

const A = 'https://a.example/a.png'
const B = 'data:image/png;base64,AAAA'

/** Why something is refused. */
async function refusal(act: () => unknown) {
  try {
    await act()
  } catch (cause) {
    if (cause instanceof ApiError) return { status: cause.status, ...cause.toBody().error }
    throw cause
  }
  throw new Error('It is not refused.')
}

describe('the pictures of a JSON body', () => {
  test.each([
    [
      "OpenAI's list",
      { images: [{ image_url: A }, { file_id: 'file-1' }] },
      [
        { source: { url: A }, param: 'images.0.image_url' },
        { source: { fileId: 'file-1' }, param: 'images.1.file_id' },
      ],
    ],
    [
      "xAI's picture",
      { image: { url: B, type: 'image_url' } },
      [{ source: { url: B }, param: 'image.url' }],
    ],
    [
      "xAI's file",
      { image: { file_id: 'f' } },
      [{ source: { fileId: 'f' }, param: 'image.file_id' }],
    ],
    ["xAI's list", { images: [{ url: A }] }, [{ source: { url: A }, param: 'images.0.url' }]],
    ['an address', { image_url: A }, [{ source: { url: A }, param: 'image_url' }]],
    ['a text', { image: B }, [{ source: { url: B }, param: 'image' }]],
    [
      'texts',
      { image: [A, B] },
      [
        { source: { url: A }, param: 'image.0' },
        { source: { url: B }, param: 'image.1' },
      ],
    ],
    [
      'one with nulls beside it',
      { images: null, image: { url: A, file_id: null } },
      [{ source: { url: A }, param: 'image.url' }],
    ],
  ])('are taken as %s', (_, fields, pictures) => {
    expect(ofJson(fields)).toEqual({ pictures, mask: undefined } as never)
  })

  test('may have a mask', () => {
    expect(ofJson({ image: A, mask: { file_id: 'f' } }).mask).toEqual({
      source: { fileId: 'f' },
      param: 'mask.file_id',
    })
  })

  test.each([
    [{}, 'image'],
    [{ image: null }, 'image'],
    [{ images: [] }, 'images'],
    [{ images: Array(17).fill({ url: A }) }, 'images'],
    [{ image: { url: A }, images: [{ url: A }] }, 'image'],
    [{ image: {} }, 'image'],
    [{ images: [{ url: A }, {}] }, 'images.1'],
    [{ image: { url: A, file_id: 'f' } }, 'image'],
    [{ image: '' }, 'image'],
    [{ image: { url: 7 } }, 'image.url'],
    [{ image: A, mask: {} }, 'mask'],
  ])('are refused with their field: %o', async (fields, param) => {
    expect(await refusal(() => ofJson(fields))).toMatchObject({ status: 400, param })
  })
})

const forms = createForms({
  intake: createIntake(),
  limits: () => ({ maxBytes: 1e8, budgetBytes: 1e8 }),
})

async function ofForm(...parts: readonly (readonly [name: string, value: string | Blob])[]) {
  const body = new FormData()
  for (const [name, value] of parts) body.append(name, value)
  const form = await forms(new Request('http://localhost/', { method: 'POST', body }))
  form.release()
  return readForm(form)
}

const file = (name: string) => new File([name], name, { type: 'text/html' })

describe('the pictures of a form', () => {
  test.each([
    ['one', ['image'], ['image']],
    ['several', ['image[]', 'image[]'], ['image[0]', 'image[1]']],
    ['several by number', ['image[0]', 'image[1]'], ['image[0]', 'image[1]']],
    ['several by one name', ['image', 'image', 'image'], ['image[0]', 'image[1]', 'image[2]']],
    ['sixteen', Array(16).fill('image[]'), Array.from({ length: 16 }, (_, at) => `image[${at}]`)],
  ])('are taken: %s', async (_, names, params) => {
    const given = names.map((name, at) => [name, file(`${at}.png`)] as const)
    const { pictures, mask } = await ofForm(['prompt', 'x'], ...given, ['mask', file('m.png')])
    expect(pictures.map(({ param }) => param)).toEqual(params)
    expect(pictures.map(({ source }) => 'name' in source && source.name)).toEqual(
      names.map((_, at) => `${at}.png`),
    )
    expect(mask).toMatchObject({ source: { name: 'm.png' }, param: 'mask' })
  })

  test('may be addresses or base64', async () => {
    const { pictures, mask } = await ofForm(['image', A], ['mask', B])
    expect(pictures).toEqual([{ source: { url: A }, param: 'image' }])
    expect(mask).toEqual({ source: { url: B }, param: 'mask' })
  })

  test('stand beside texts that mean numbers and yes or no, and unknown fields that stay', async () => {
    const { fields } = await ofForm(
      ['image', file('a')],
      ['prompt', '7'],
      ['n', '2'],
      ['stream', 'True'],
      ['partial_images', '0'],
      ['output_compression', ''],
      ['deferred', ''],
      ['user', 'true'],
      ['tag', 'a'],
      ['tag', 'b'],
      ['seed', '9'],
    )
    expect(fields).toEqual({
      prompt: '7',
      n: 2,
      stream: true,
      partial_images: 0,
      output_compression: null,
      deferred: null,
      user: 'true',
      tag: ['a', 'b'],
      seed: '9',
    })
  })

  test('leave what is no number and no yes or no to be refused', async () => {
    const { fields } = await ofForm(['image', file('a')], ['n', 'two'], ['stream', 'perhaps'])
    expect(fields).toEqual({ n: 'two', stream: 'perhaps' })
  })

  test.each([
    ['none', [['prompt', 'x']], 'image'],
    ['an empty address', [['image', '']], 'image'],
    ['seventeen', Array.from({ length: 17 }, () => ['image[]', file('a')]), 'image'],
    [
      'two masks',
      [
        ['image', file('a')],
        ['mask', file('m')],
        ['mask', file('n')],
      ],
      'mask',
    ],
    [
      'a file elsewhere',
      [
        ['image', file('a')],
        ['prompt', file('p')],
      ],
      'prompt',
    ],
  ] as const)('are refused with their field: %s', async (_, parts, param) => {
    const act = () => ofForm(...(parts as readonly (readonly [string, string | Blob])[]))
    expect(await refusal(act)).toMatchObject({ status: 400, param })
  })
})
