import { describe, expect, test } from 'bun:test'
import { deflateRawSync } from 'node:zlib'
import { ApiError } from '#src/errors'
import { createInputs, type PictureSource } from '#src/media/inputs'
import { createOwnLoader, createOwnReader } from '#src/media/own-address'
import { createFetchGuard } from '#src/net/fetch-guard'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { serverAt } from '../support/guarded'
import { gifHead, jpegHead, png, webpHeads } from '../support/picture-bytes'

const utf8 = new TextEncoder()
const MEGABYTE = 1024 * 1024
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
const HTML = '<!doctype html><script>alert(1)</script>'

/** Inputs whose addresses may lead to this machine, with the files of one key. */
function inputs(settings: Partial<typeof DEFAULT_SETTINGS> = {}) {
  const stored = new Map([
    ['file-a', { owner: 'k', filename: 'moss.png', content: png(3, 4) }],
    [
      'file-large',
      { owner: 'k', filename: 'moss.png', content: new Uint8Array(50 * MEGABYTE + 1) },
    ],
    ['file-text', { owner: 'k', filename: 'notes.png', content: utf8.encode('notes') }],
  ])
  return createInputs({
    fetchPublic: createFetchGuard({ fetch, isAllowed: (address) => address === '127.0.0.1' }),
    settings: () => ({ ...DEFAULT_SETTINGS, ...settings }),
    files: {
      async find(keyId, id) {
        const file = stored.get(id)
        return file?.owner === keyId ? { ...file, bytes: file.content.length } : undefined
      },
      async readAll({ content, bytes }, most, param) {
        if (bytes > most) throw new ApiError('file_too_large', 'Too large.', { param })
        return content
      },
    },
    readOwn: createOwnReader({
      links: { check: async () => ({ isGood: true, until: undefined }) },
      loadOwn: createOwnLoader(async (name) => {
        if (name === 'made') return png(5, 6)
        if (name === 'slow') return new Promise(() => {})
        throw new ApiError('not_found', 'There is nothing of that name.')
      }),
    }),
  })
}

const OWN = 'http://10.0.0.1/images'
const TERMS = {
  ...{ keyId: 'k', origin: 'http://10.0.0.1' },
  signal: new AbortController().signal,
}
const load = (source: PictureSource, it = inputs()) => it.load(source, { param: 'image', ...TERMS })
const sent = (bytes: Uint8Array<ArrayBuffer>, name = 'a.png') => load({ bytes, name })

/** Why a picture is refused. */
async function refusal(loading: Promise<unknown>) {
  const problem = await loading.catch((cause: unknown) => cause)
  if (!(problem instanceof ApiError)) throw new Error(`That is no refusal: ${problem}`)
  return { status: problem.status, ...problem.toBody().error }
}

describe('a picture', () => {
  test.each([
    ['png', png(3, 4), 'image/png'],
    ['jpeg', jpegHead(3, 4), 'image/jpeg'],
    ['gif', gifHead(3, 4), 'image/gif'],
    ...webpHeads(3, 4).map((bytes) => ['webp', bytes, 'image/webp'] as const),
  ])('of a form is what its bytes say: %s', async (_, bytes, mime) => {
    expect(await sent(bytes, 'C:\\x\\..\\"moss".svg')).toEqual({
      bytes,
      mime,
      name: 'moss.svg',
      param: 'image',
    })
  })

  test('comes as a data: URL, whatever that calls it', async () => {
    const bytes = png(3, 4)
    const url = `data:text/html;base64,${bytes.toBase64()}`
    expect(await load({ url })).toMatchObject({ bytes, mime: 'image/png', name: 'image.png' })
  })

  test('comes from an address, whatever its server calls it', async () => {
    const bytes = jpegHead(30, 40)
    await using server = serverAt(
      () => new Response(bytes, { headers: { 'content-type': 'text/html' } }),
    )
    const picture = await load({ url: `${server.url}/moss` })
    expect(picture).toMatchObject({ bytes, mime: 'image/jpeg', name: 'image.jpg' })
  })

  test('comes from a file of the key', async () => {
    const picture = await load({ fileId: 'file-a' })
    expect(picture).toMatchObject({ mime: 'image/png', name: 'moss.png' })
  })

  test('of another key is not there', async () => {
    const other = inputs().load({ fileId: 'file-a' }, { ...TERMS, keyId: 'other', param: 'mask' })
    expect(await refusal(other)).toMatchObject({
      status: 400,
      code: 'file_not_found',
      param: 'mask',
    })
  })
})

/** A file that says it is large, and packs well. */
const zip = () =>
  Uint8Array.from([...utf8.encode('PK\x03\x04'), ...deflateRawSync(Buffer.alloc(MEGABYTE))])

describe('a picture that was made here', () => {
  const own = { ...TERMS, param: 'image' }

  test('is read by its address, which need not be public', async () => {
    const picture = await inputs().load({ url: `${OWN}/made` }, own)
    expect(picture).toMatchObject({ bytes: png(5, 6), name: 'image.png' })
  })

  test('and is gone is the fault of its field', async () => {
    const gone = inputs().load({ url: `${OWN}/lost` }, own)
    expect(await refusal(gone)).toMatchObject({
      status: 400,
      code: 'url_not_reachable',
      param: 'image',
      message: "'image' leads to nothing: There is nothing of that name.",
    })
  })

  test('is not waited for without end, nor for a client that has left', async () => {
    const slow = { url: `${OWN}/slow` }
    const late = inputs({ fetch_timeout_ms: 20 }).load(slow, own)
    expect(await refusal(late)).toMatchObject({ status: 400, code: 'url_not_reachable' })
    const signal = AbortSignal.timeout(20)
    expect(await refusal(inputs().load(slow, { ...own, signal }))).toMatchObject({ status: 499 })
  })
})

describe('is refused with its field:', () => {
  test.each([
    ['SVG', utf8.encode(SVG), 'invalid_image_format'],
    [
      'SVG behind a head of XML',
      utf8.encode(`<?xml version="1.0"?>${SVG}`),
      'invalid_image_format',
    ],
    ['HTML', utf8.encode(HTML), 'invalid_image_format'],
    ['an archive', zip(), 'invalid_image_format'],
    ['a TIFF', utf8.encode(`II*\0${'x'.repeat(40)}`), 'invalid_image_format'],
    ['noise', crypto.getRandomValues(new Uint8Array(400)).fill(0x81, 0, 4), 'invalid_image_format'],
    ['nothing', new Uint8Array(), 'empty_file'],
    ['a png that is cut off in its head', png(3, 4).slice(0, 20), 'invalid_image'],
    ['a jpeg that is only its beginning', jpegHead(3, 4).slice(0, 6), 'invalid_image'],
    ['a webp that is only its beginning', utf8.encode('RIFF....WEBP'), 'invalid_image'],
    ['a png of no width', png(0, 4), 'invalid_image'],
    ['a png that unpacks to a billion dots', png(50_000, 20_000), 'image_too_large'],
    ['a jpeg of four billion dots', jpegHead(65_535, 65_535), 'image_too_large'],
  ])('%s', async (_, bytes, code) => {
    expect(await refusal(sent(bytes))).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code,
      param: 'image',
    })
  })

  test('one that is larger than 50 MB, in any form', async () => {
    const bytes = new Uint8Array(50 * MEGABYTE + 1)
    bytes.set(png(3, 4))
    const found = await refusal(sent(bytes))
    expect(found).toMatchObject({ status: 400, code: 'file_too_large', param: 'image' })
    const url = `data:image/png;base64,${bytes.toBase64()}`
    expect(await refusal(load({ url }))).toEqual(found)
    const { code, param } = await refusal(load({ fileId: 'file-large' }))
    expect([code, param]).toEqual(['file_too_large', 'image'])
  })

  test('a file that is no picture', async () => {
    const found = await refusal(load({ fileId: 'file-text' }))
    expect(found).toMatchObject({ status: 400, code: 'invalid_image_format', param: 'image' })
  })

  test('an address within the network, and one of more than may be fetched', async () => {
    await using server = serverAt(() => new Response(new Uint8Array(2_000_000)))
    const within = await refusal(load({ url: 'http://10.0.0.1/a.png' }))
    expect(within).toMatchObject({ status: 400, code: 'invalid_url', param: 'image' })
    const few = inputs({ fetch_max_bytes: 1_000_000 })
    expect(await refusal(load({ url: server.url }, few))).toMatchObject({ code: 'file_too_large' })
  })

  test('what is neither an address nor base64', async () => {
    const found = await refusal(load({ url: 'moss & fern!' }))
    expect(found).toMatchObject({ status: 400, code: 'invalid_value', param: 'image' })
  })
})

describe('several pictures', () => {
  const field = (bytes: Uint8Array<ArrayBuffer>, param: string) => ({
    source: { bytes, name: '' },
    param,
  })

  test('come in their order, however long each takes', async () => {
    await using server = serverAt(async ({ url }) => {
      const slow = url.endsWith('slow')
      await Bun.sleep(slow ? 50 : 0)
      return new Response(slow ? png(1, 1) : png(2, 2))
    })
    const fields = ['slow', 'fast'].map((path) => ({
      source: { url: `${server.url}/${path}` },
      param: path,
    }))
    const loaded = await inputs().loadAll([...fields, field(png(3, 3), 'own')], TERMS)
    expect(loaded.map(({ param }) => param)).toEqual(['slow', 'fast', 'own'])
    expect(loaded[0]?.bytes).toEqual(png(1, 1))
  })

  test('are refused for the one that is wrong, and the others are left alone', async () => {
    await using server = serverAt(() => new Promise<Response>(() => {}))
    const fields = [
      { source: { url: `${server.url}/never` }, param: 'image[0]' },
      field(utf8.encode(HTML), 'image[1]'),
    ]
    const found = await refusal(inputs().loadAll(fields, TERMS))
    expect(found).toMatchObject({ code: 'invalid_image_format', param: 'image[1]' })
  })

  test('may not weigh too much together', async () => {
    const few = inputs({ max_body_bytes: 1024, fetch_max_bytes: 1024 })
    const large = new Uint8Array([...png(3, 4), ...new Uint8Array(3_000)])
    const found = await refusal(few.loadAll([field(large, 'a'), field(large, 'b')], TERMS))
    expect(found).toMatchObject({ code: 'file_too_large', param: 'b' })
  })

  test('are not loaded for a client that has left', async () => {
    const gone = { ...TERMS, signal: AbortSignal.abort() }
    const found = await refusal(inputs().loadAll([field(png(3, 4), 'a')], gone))
    expect(found).toMatchObject({ status: 499, code: 'client_gone' })
  })
})
