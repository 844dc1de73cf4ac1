import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mp4 } from '../fakes/media/films'
import { png } from '../fakes/xai-media'
import { KEY } from '../support/gateway'
import { until } from '../support/programs'
import { VIDEO_MODEL, type VideoWorld, videoWorld } from '../support/video-world'

const PNG = png('a')
const PICTURE = `data:image/png;base64,${PNG.toBase64()}`
const ASK = { model: VIDEO_MODEL, prompt: 'Waves' }

interface Refusal {
  readonly error: { readonly param: string | null; readonly code: string; readonly message: string }
}

describe('a video', () => {
  let it: VideoWorld
  beforeAll(async () => {
    it = await videoWorld({ settings: { videos_at_once: 100 } })
    it.xai.alwaysFilms({ isNeverDone: true })
  })
  afterAll(() => it[Symbol.asyncDispose]())

  const send = (path: string, body: BodyInit | object, headers: Record<string, string> = {}) =>
    fetch(`${it.gate.url}/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
    })

  /** What is refused, and nothing is made of it. */
  async function refused(path: string, body: BodyInit | object): Promise<readonly unknown[]> {
    const kept = async () => [
      (await it.rows('SELECT id FROM videos')).length,
      (await it.rows("SELECT id FROM files WHERE key_id = ''")).length,
    ]
    const before = await kept()
    const calls = it.xai.calls.length
    const answer = await send(path, body)
    const { error } = (await answer.json()) as Refusal
    expect(await kept()).toEqual(before)
    expect(it.xai.calls.slice(calls).filter(({ method }) => method === 'POST')).toEqual([])
    return [answer.status, error.param]
  }

  for (const [what, body, status, param] of [
    ['nothing to be seen', { model: VIDEO_MODEL }, 400, 'prompt'],
    ['a prompt of blanks', { ...ASK, prompt: '  ' }, 400, 'prompt'],
    ['a prompt that is no text', { ...ASK, prompt: 5 }, 400, 'prompt'],
    ['an endless prompt', { ...ASK, prompt: 'x'.repeat(32_001) }, 400, 'prompt'],
    ['no seconds', { ...ASK, seconds: 0 }, 400, 'seconds'],
    ['too many seconds', { ...ASK, seconds: '16' }, 400, 'seconds'],
    ['half a second', { ...ASK, seconds: '1.5' }, 400, 'seconds'],
    ['seconds in words', { ...ASK, seconds: 'four' }, 400, 'seconds'],
    ['seconds that are an object', { ...ASK, seconds: {} }, 400, 'seconds'],
    ['a size that nobody films in', { ...ASK, size: '100x900' }, 400, 'size'],
    ['a size in words', { ...ASK, size: 'large' }, 400, 'size'],
    ['an unknown shape', { ...ASK, aspect_ratio: '5:1' }, 400, 'aspect_ratio'],
    ['an unknown resolution', { ...ASK, resolution: '4k' }, 400, 'resolution'],
    ['an unknown preset', { ...ASK, preset: 'spicy' }, 400, 'preset'],
    [
      'an unknown preset of the chat',
      { ...ASK, video_config: { preset: 'spicy' } },
      400,
      'video_config.preset',
    ],
    [
      'a wrong length of the chat',
      { ...ASK, video_config: { video_length: 99 } },
      400,
      'video_config.video_length',
    ],
    [
      'a picture that is none',
      { ...ASK, input_reference: 'data:image/png;base64,AAAA' },
      400,
      'input_reference',
    ],
    ['a picture that is no text', { ...ASK, input_reference: 5 }, 400, 'input_reference'],
    ['a picture without an address', { ...ASK, image: {} }, 400, 'image'],
    [
      'a picture of two addresses',
      { ...ASK, image: { url: PICTURE, image_url: PICTURE } },
      400,
      'image',
    ],
    [
      'a picture that nobody may fetch',
      { ...ASK, image: { url: 'ftp://example.org/a.png' } },
      400,
      'image',
    ],
    [
      'a file that is not there',
      { ...ASK, input_reference: { file_id: `file-${'0'.repeat(32)}` } },
      400,
      'input_reference',
    ],
    [
      'the second of several pictures',
      { ...ASK, images: [PICTURE, 'data:text/plain,hi'] },
      400,
      'images.1',
    ],
    [
      'too many pictures',
      { ...ASK, reference_images: Array(8).fill(PICTURE) },
      400,
      'reference_images',
    ],
    [
      'frames without a time',
      { ...ASK, keyframes: [{ image: PICTURE }] },
      400,
      'keyframes.0.timestamp_s',
    ],
    ['a sound that is none', { ...ASK, reference_audios: [{}] }, 400, 'reference_audios'],
    [
      'a place to send it to',
      { ...ASK, output: { upload_url: 'https://x.example' } },
      400,
      'output',
    ],
    ['a model that makes none', { ...ASK, model: 'grok-4.7' }, 400, 'model'],
    ['an unknown model', { ...ASK, model: 'sora-2' }, 404, 'model'],
    ['a user of many words', { ...ASK, user: 'x'.repeat(513) }, 400, 'user'],
    ['a model that is no text', { ...ASK, model: 5 }, 400, 'model'],
    ['no object', '[]', 400, null],
    ['no JSON', '{', 400, null],
  ] as const)
    test(`is not asked for with ${what}`, async () => {
      expect(await refused('/videos', body)).toEqual([status, param])
    })

  for (const [what, path, body, status, param] of [
    ['edited without a video', '/videos/edits', ASK, 400, 'video'],
    [
      'edited without words',
      '/videos/edits',
      { video: { url: 'https://x.example/a.mp4' } },
      400,
      'prompt',
    ],
    ['edited from nothing', '/videos/edits', { ...ASK, video: {} }, 400, 'video'],
    ['edited by its id', '/videos/edits', { ...ASK, video: { id: 'video_1' } }, 400, 'video.id'],
    ['edited from a picture', '/videos/edits', { ...ASK, video: { url: PICTURE } }, 400, 'video'],
    [
      'edited from nowhere',
      '/videos/edits',
      { ...ASK, video: { url: 'ftp://x.example/a' } },
      400,
      'video',
    ],
    [
      'edited from a lost file',
      '/videos/edits',
      { ...ASK, video: { file_id: 'file-1' } },
      400,
      'video',
    ],
    [
      'extended too far',
      '/videos/extensions',
      { ...ASK, duration: 11, video: { url: 'https://x.example/a' } },
      400,
      'duration',
    ],
    [
      'extended too little',
      '/videos/extensions',
      { ...ASK, duration: 1, video: { url: 'https://x.example/a' } },
      400,
      'duration',
    ],
    ['generated too long', '/videos/generations', { ...ASK, duration: 16 }, 400, 'duration'],
    ['remixed', '/videos/video_1/remix', ASK, 400, null],
    ['given a character', '/videos/characters', ASK, 400, null],
  ] as const)
    test(`is not ${what}`, async () => {
      expect(await refused(path, body)).toEqual([status, param])
    })

  test('is not edited that has an address without end', async () => {
    const url = `https://example.org/${'x'.repeat(8_192)}`
    expect(await refused('/videos/edits', { ...ASK, video: { url } })).toEqual([400, 'video'])
  })

  test('of ours that is not there any more is not edited', async () => {
    const url = `${it.gate.url}/videos/${'0'.repeat(32)}.mp4`
    expect(await refused('/videos/edits', { ...ASK, video: { url } })).toEqual([400, 'video'])
  })

  test('is not taken on when its body is too large', async () => {
    await it.gate.stores.settings.set('max_body_bytes', 65_536)
    await it.gate.app.refresh()
    const answer = await send('/videos', { ...ASK, style: 'x'.repeat(70_000) })
    expect(answer.status).toBe(413)
    await it.gate.stores.settings.set('max_body_bytes', 67_108_864)
    await it.gate.app.refresh()
  })

  const made = async (body: BodyInit | object, path = '/videos') => {
    const before = it.xai.callsOf('videos.generations').length
    const answer = await send(path, body)
    const video = await answer.json()
    expect([answer.status, video.error ?? null]).toEqual([200, null])
    const call = await until(() => it.xai.callsOf('videos.generations')[before])
    return { video, asked: call.body, dropped: answer.headers.get('x-groxy-dropped') }
  }
  const usual = { ...ASK, duration: 6 }

  for (const [what, body, asked, shown] of [
    ['with words alone', ASK, usual, { size: 'auto', seconds: '6' }],
    [
      'as long as Sora makes them',
      { ...ASK, seconds: '12' },
      { ...usual, duration: 12 },
      { seconds: '12' },
    ],
    [
      'with a number of seconds',
      { ...ASK, seconds: 8 },
      { ...usual, duration: 8 },
      { seconds: '8' },
    ],
    [
      'in a size of Sora',
      { ...ASK, size: '1792x1024' },
      { ...usual, aspect_ratio: '16:9', resolution: '720p' },
      { size: '1792x1024' },
    ],
    [
      'in a large size',
      { ...ASK, size: '1080x1920' },
      { ...usual, aspect_ratio: '9:16', resolution: '1080p' },
      { size: '1080x1920' },
    ],
    [
      'in a small size',
      { ...ASK, size: '480x480' },
      { ...usual, aspect_ratio: '1:1', resolution: '480p' },
      {},
    ],
    ['in a shape', { ...ASK, size: '3:2' }, { ...usual, aspect_ratio: '3:2' }, { size: '3:2' }],
    [
      'as sharp as it is said',
      { ...ASK, size: '1280x720', resolution_name: 'SD' },
      { ...usual, aspect_ratio: '16:9', resolution: '480p' },
      {},
    ],
    [
      'in the words of the chat',
      { ...ASK, video_config: { aspect_ratio: '2:3', video_length: 10, resolution: 'HD' } },
      { ...usual, aspect_ratio: '2:3', duration: 10, resolution: '720p' },
      { seconds: '10' },
    ],
    ['for grok.com, by whoever makes it', { ...ASK, preset: 'fun' }, usual, {}],
    [
      'with a picture alone',
      { model: VIDEO_MODEL, image: { url: PICTURE } },
      { model: VIDEO_MODEL, duration: 6, image: { url: PICTURE } },
      { prompt: '' },
    ],
    [
      'with a picture as OpenAI says it',
      { ...ASK, input_reference: { image_url: PICTURE } },
      { ...usual, image: { url: PICTURE } },
      {},
    ],
    [
      'with a picture as the chat says it',
      { ...ASK, image: { image_url: { url: PICTURE } } },
      { ...usual, image: { url: PICTURE } },
      {},
    ],
    [
      'with several pictures',
      { ...ASK, images: [PICTURE, PICTURE] },
      { ...usual, reference_images: [{ url: PICTURE }, { url: PICTURE }] },
      {},
    ],
    [
      'with a picture and references',
      { ...ASK, image: PICTURE, reference_images: [PICTURE] },
      { ...usual, image: { url: PICTURE }, reference_images: [{ url: PICTURE }] },
      {},
    ],
    [
      'with pictures at times',
      { ...ASK, keyframes: [{ image: PICTURE, timestamp_s: 2 }] },
      { ...usual, keyframes: [{ image: { url: PICTURE }, timestamp_s: 2 }] },
      {},
    ],
    [
      'with what only xAI knows',
      { ...ASK, user: 'me', reference_audios: [{ voice_id: 'v' }] },
      { ...usual, user: 'me', reference_audios: [{ voice_id: 'v' }] },
      {},
    ],
    [
      'with nothing that is null',
      { ...ASK, seconds: null, size: null, input_reference: null, n: null },
      usual,
      {},
    ],
  ] as const)
    test(`is made ${what}`, async () => {
      const { video, asked: body_, dropped } = await made(body)
      expect(body_).toEqual(asked as never)
      expect(video).toMatchObject(shown)
      expect(dropped).toBeNull()
    })

  test('is made without a model, and without what nobody knows, which is said', async () => {
    const { video, asked, dropped } = await made({ prompt: 'Waves', n: 2, style: 'x' })
    expect([video.model, asked.model]).toEqual([VIDEO_MODEL, VIDEO_MODEL])
    expect(dropped).toBe('n, style')
  })

  test('is made of a file of its key', async () => {
    const form = new FormData()
    form.set('purpose', 'vision')
    form.set('file', new File([PNG], 'a.png'))
    const { id } = await (await send('/files', form)).json()
    const { asked } = await made({ ...ASK, input_reference: { file_id: id } })
    expect(asked.image).toEqual({ url: PICTURE })
    await fetch(`${it.gate.url}/v1/files/${id}`, {
      ...{ method: 'DELETE', headers: { authorization: `Bearer ${KEY}` } },
    })
  })

  for (const [what, fields, asked] of [
    ['a file', { input_reference: PNG }, { image: { url: PICTURE } }],
    [
      'several files',
      { 'input_reference[]': [PNG, PNG] },
      { reference_images: [{ url: PICTURE }, { url: PICTURE }] },
    ],
    [
      'a field that comes twice',
      { input_reference: [PNG, PNG] },
      { reference_images: [{ url: PICTURE }, { url: PICTURE }] },
    ],
    ['an address', { 'input_reference[image_url]': PICTURE }, { image: { url: PICTURE } }],
    [
      'JSON',
      { input_reference: JSON.stringify({ image_url: PICTURE }) },
      { image: { url: PICTURE } },
    ],
    ['a numbered file', { 'image[0]': PNG }, { image: { url: PICTURE } }],
    [
      'numbered files',
      { 'image[0]': PNG, 'image[1]': PNG },
      { reference_images: [{ url: PICTURE }, { url: PICTURE }] },
    ],
    ['words of the chat', { 'video_config[aspect_ratio]': '1:1' }, { aspect_ratio: '1:1' }],
  ] as const)
    test(`is made of a form with ${what}`, async () => {
      const form = new FormData()
      for (const [name, value] of Object.entries({ ...ASK, seconds: '6', ...fields }))
        for (const one of Array.isArray(value) ? value : [value])
          form.append(name, one instanceof Uint8Array ? new File([PNG], 'a.png') : String(one))
      expect((await made(form)).asked).toEqual({ ...usual, ...asked } as never)
    })

  test('is not made of a form with a file that is none of a picture', async () => {
    const form = new FormData()
    form.set('prompt', 'Waves')
    form.set('input_reference', new File([mp4('film')], 'a.png'))
    expect(await refused('/videos', form)).toEqual([400, 'input_reference'])
    const text = new FormData()
    text.set('seconds', '99')
    text.set('prompt', 'Waves')
    expect(await refused('/videos', text)).toEqual([400, 'seconds'])
  })
})
