import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { browserHeaders, g1, g2, g2Edit, g2Film, g3, webClient } from '../support/grok-web-client'
import { draws, drawsFromCache, fakeGrokWeb, films, jpeg, mp4 } from './grok-web'

const grok = fakeGrokWeb({
  accounts: [
    { name: 'one', quota: 10_000 },
    { name: 'two', quota: 10_000 },
  ],
})
const one = webClient(grok, 'one')
const two = webClient(grok, 'two')

afterAll(() => grok.stop())
beforeEach(() => {
  grok.clearScripts()
  grok.forget()
})

const referer = 'https://grok.com/files'
const JPEG = [0xff, 0xd8, 0xff]

describe('pictures in chat', () => {
  const shown = async (body: object) => {
    const frames = await one.frames(body)
    const states = frames.flatMap(({ streamingImageGenerationResponse: state }) => state ?? [])
    return { frames, states, whole: frames.at(-1)?.modelResponse }
  }

  test('are drawn as asked, with previews, and can be downloaded', async () => {
    for (const body of [
      g2('Image Generation: a cat'),
      g2('a cat', { toolOverrides: { imageGen: true } }),
    ]) {
      const { frames, states, whole } = await shown(body)
      expect(frames[3]).toMatchObject({ imageAttachmentInfo: {}, token: '' })
      expect(
        states.map(({ imageIndex, progress, isFinal }) => [imageIndex, progress, isFinal]),
      ).toEqual([
        [0, 50, false],
        [0, 100, true],
        [1, 50, false],
        [1, 100, true],
      ])
      expect(states[0].imageUrl).toBe(states[1].imageUrl.replace('/image', '-part-0/image'))
      expect(whole.message).toBe("I generated images with the prompt: 'a cat'")
      expect(whole.generatedImageUrls).toEqual([states[1].imageUrl, states[3].imageUrl])
      for (const { imageUrl } of states) {
        const { status, type, bytes } = await one.downloaded(imageUrl)
        expect([status, type, ...bytes.slice(0, 3)]).toEqual([200, 'image/jpeg', ...JPEG])
      }
      expect((await two.downloaded(states[1].imageUrl)).status).toBe(403)
    }
  })

  test('may be one, placeholders, moderated, absolute, only in the last word, or from a cache', async () => {
    const { userId } = grok.account('one')
    grok.queue([
      draws({ count: 1, placeholders: true }),
      draws({ moderated: [1] }),
      draws({ isAbsolute: true, onlyFinal: true, size: 200_000 }),
      drawsFromCache(),
    ])
    const body = g2('Image Generation: a cat')
    const few = await shown(body)
    expect(few.whole.generatedImageUrls).toEqual([few.states[1].imageUrl, '', '/'])
    const moderated = await shown(body)
    expect(moderated.states[3]).toMatchObject({ moderated: true, imageUrl: '' })
    expect(moderated.whole.generatedImageUrls).toHaveLength(1)
    const absolute = await shown(body)
    expect(absolute.states).toEqual([])
    const [url] = absolute.whole.generatedImageUrls
    expect(url).toStartWith(`${grok.assetsUrl}/users/${userId}/generated/`)
    expect(grok.asset(url)?.bytes.length).toBeGreaterThan(200_000)
    const cached = await shown(body)
    expect(cached.frames.map(({ doImgGen }) => doImgGen)).toContain(true)
    expect(cached.frames.map((frame) => frame.cachedImageGenerationResponse?.imageUrl)).toContain(
      cached.whole.generatedImageUrls[0],
    )
  })

  test('are cards in generation 3', async () => {
    grok.queue([draws({ moderated: [0] })])
    const { frames, whole } = await shown(g3('Image Generation: a cat'))
    const cards = frames.flatMap(({ cardAttachment }) =>
      cardAttachment ? [JSON.parse(cardAttachment.jsonData)] : [],
    )
    expect(cards[0]).toMatchObject({ cardType: 'generated_image_card', image_chunk: null })
    expect(cards.at(-1).image_chunk).toMatchObject({ progress: 100, moderated: false })
    expect(whole.generatedImageUrls).toEqual([])
    const [first, second] = whole.cardAttachmentsJson.map(
      (text: string) => JSON.parse(text).image_chunk,
    )
    expect([first.moderated, 'imageUrl' in first]).toEqual([true, false])
    expect((await one.downloaded(second.imageUrl)).status).toBe(200)
  })

  test('are edited from an upload', async () => {
    const { fileUri } = await one.upload('picture')
    const body = g2Edit([`https://assets.grok.com/${fileUri}`])
    const response = await one.chat(body, {}, { referer: 'https://grok.com/imagine' })
    expect(await response.text()).toContain("I generated images with the prompt: 'make it blue'")
    expect(grok.complaints()).toEqual([])
    await one.chat(body)
    expect(grok.complaints().join()).toContain('the referer of such a turn')
  })
})

describe('films', () => {
  const shot = async (script?: Parameters<typeof grok.script>[0]) => {
    const post = await one.post({ mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt: 'waves' })
    if (script) grok.queue([script])
    const frames = await one.frames(g2Film(post))
    const states = frames.flatMap(({ streamingVideoGenerationResponse: state }) => state ?? [])
    return { post, frames, states, whole: frames.at(-1)?.modelResponse }
  }

  test('are shot with progress, and can be downloaded, scaled and linked', async () => {
    const { post, states, whole } = await shot()
    const last = states.at(-1)
    expect(states.map(({ progress }) => progress)).toEqual([1, 5, 13, 20, 50, 50, 45, 95, 100])
    expect(last).toMatchObject({ videoPrompt: 'waves', moderated: false })
    expect(whole).toMatchObject({
      ...{ message: "I generated a video with the prompt: 'waves'" },
      fileAttachments: [last.assetId],
    })
    const { type, bytes } = await one.downloaded(last.videoUrl)
    expect([type, Buffer.from(bytes).toString('latin1', 4, 12)]).toEqual(['video/mp4', 'ftypisom'])
    expect((await one.downloaded(last.thumbnailImageUrl)).type).toBe('image/jpeg')
    const up = await one.send('/rest/media/video/upscale', { videoId: last.videoId })
    const { hdMediaUrl } = await up.json()
    expect((await one.downloaded(hdMediaUrl.replace(`${grok.assetsUrl}/`, ''))).status).toBe(200)
    const link = { postId: post, source: 'post-page', platform: 'web' }
    const linked = await one.send('/rest/media/post/create-link', link)
    expect((await linked.json()).shareLink).toEndWith(post)
    expect((await two.send('/rest/media/post/create-link', link)).status).toBe(404)
    const stranger = { videoId: last.videoId }
    expect((await two.send('/rest/media/video/upscale', stranger)).status).toBe(404)
  })

  test('may be moderated, never done, or without an address', async () => {
    const moderated = await shot(films({ moderated: true }))
    expect(moderated.states.at(-1)).toMatchObject({ progress: 100, moderated: true, videoUrl: '' })
    const never = await shot(films({ isNeverDone: true, progress: [1, 40], gapMs: 1 }))
    expect(never.states.map(({ progress }) => progress)).toEqual([1, 40])
    expect(never.whole).toBeUndefined()
    const { states } = await shot(films({ onlyAssetId: true }))
    expect(states.at(-1)).toMatchObject({ videoUrl: '', assetId: expect.any(String) })
    const absolute = await shot(films({ isAbsolute: true, size: 1_000_000 }))
    expect(grok.asset(absolute.states.at(-1).videoUrl)?.source.size).toBe(1_000_000)
  })

  test('are made of whole JPEG segments and MP4 boxes', () => {
    const picture = jpeg('a', 150_000)
    let at = 2
    while (picture[at + 1] !== 0xda) {
      expect(picture[at]).toBe(0xff)
      at += 2 + Buffer.from(picture).readUInt16BE(at + 2)
    }
    expect([...picture.slice(-2)]).toEqual([0xff, 0xd9])
    const movie = Buffer.from(mp4('a', 1000))
    const boxes: string[] = []
    for (let from = 0; from < movie.length; from += movie.readUInt32BE(from))
      boxes.push(movie.toString('latin1', from + 4, from + 8))
    expect(boxes).toEqual(['ftyp', 'moov', 'free', 'mdat'])
  })
})

describe('uploads and posts', () => {
  test('a file is kept for its account', async () => {
    const { fileMetadataId, fileUri } = await one.upload('some bytes', 'text/plain')
    expect(fileUri).toBe(`users/${grok.account('one').userId}/${fileMetadataId}/content`)
    const { type, bytes } = await one.downloaded(fileUri)
    expect([type, new TextDecoder().decode(bytes)]).toEqual(['text/plain', 'some bytes'])
    const plain = { 'content-type': 'text/plain;charset=UTF-8' }
    const body = { fileName: 'a', fileMimeType: 'a/b', content: '' }
    expect((await one.send('/rest/app-chat/upload-file', body, plain)).status).toBe(200)
  })

  test('what is no upload is refused', async () => {
    const good = { fileName: 'a.png', fileMimeType: 'image/png', content: 'AAAA' }
    for (const body of [
      { ...good, content: 'data:image/png;base64,AAAA' },
      { ...good, content: 'AAA' },
      { ...good, fileMimeType: undefined },
    ])
      expect((await one.send('/rest/app-chat/upload-file', body)).status).toBe(400)
    expect(grok.complaints()).toHaveLength(3)
    grok.limitUploads({ bytes: 3, status: 403 })
    expect((await one.send('/rest/app-chat/upload-file', good)).status).toBe(403)
    grok.limitUploads({ bytes: 3, status: 413 })
    expect((await one.send('/rest/app-chat/upload-file', good)).status).toBe(413)
    grok.limitUploads(undefined)
    expect((await one.send('/rest/app-chat/upload-file', good)).status).toBe(200)
  })

  test('generation 4 uploads in parts', async () => {
    const send = (form: FormData) =>
      fetch(`${grok.url}/http/upload-file-v2/direct`, {
        ...{ method: 'POST', headers: browserHeaders(grok.account('one').cookie), body: form },
      })
    const form = new FormData()
    form.set('file', new File(['bytes'], 'a.png', { type: 'image/png' }))
    form.set('file_source', 'SELF_UPLOAD_FILE_SOURCE')
    const { uploadId, fileMetadata, terminalError } = await (await send(form)).json()
    expect([typeof uploadId, terminalError]).toEqual(['string', null])
    expect((await one.downloaded(fileMetadata.fileUri)).bytes).toHaveLength(5)
    expect(grok.complaints()).toEqual([])
    const asked = g2('What?', { fileAttachments: [fileMetadata.fileMetadataId] })
    expect((await one.chat(asked)).status).toBe(200)
    expect((await send(new FormData())).status).toBe(400)
  })

  test('a post needs what its sort has, in either spelling', async () => {
    const { fileUri } = await one.upload('picture')
    const mediaUrl = `https://assets.grok.com/${fileUri}`
    const image = { media_type: 'MEDIA_POST_TYPE_IMAGE', media_url: mediaUrl }
    expect(await one.post(image)).toBeString()
    expect(grok.complaints()).toEqual([])
    expect(await two.post(image)).toBeUndefined()
    expect(await one.post({ mediaType: 'MEDIA_POST_TYPE_IMAGE' })).toBeUndefined()
    expect(await one.post({ mediaType: 'MEDIA_POST_TYPE_VIDEO' })).toBeUndefined()
    expect(await one.post({ mediaType: 'MEDIA_POST_TYPE_SOUND' })).toBeUndefined()
    expect(grok.complaints()).toHaveLength(4)
  })
})

describe('the list of assets', () => {
  test('has pages, and forgets what is deleted', async () => {
    await using site = fakeGrokWeb()
    const client = webClient(site, 'one')
    for (let at = 0; at < 5; at++) await client.upload(`file ${at}`)
    const headers = browserHeaders(site.account('one').cookie, { referer })
    const page = async (size: number, token = '') => {
      const query = new URLSearchParams({
        ...{ pageSize: String(size), orderBy: 'ORDER_BY_LAST_USE_TIME', source: 'SOURCE_ANY' },
        ...{ isLatest: 'true', ...(token ? { pageToken: token } : {}) },
      })
      return (await fetch(`${site.url}/rest/assets?${query}`, { headers })).json()
    }
    const first = await page(3)
    const second = await page(3, first.nextPageToken)
    expect([first.assets.length, second.assets.length, second.nextPageToken]).toEqual([3, 2, ''])
    const ids = [...first.assets, ...second.assets].map(({ assetId }) => assetId)
    expect(new Set(ids).size).toBe(5)
    site.repeatPageToken(true)
    expect((await page(3, first.nextPageToken)).nextPageToken).toBe(first.nextPageToken)
    site.repeatPageToken(false)
    const remove = (id: string) =>
      fetch(`${site.url}/rest/assets-metadata/${id}`, { method: 'DELETE', headers })
    expect([(await remove(ids[0])).status, (await remove(ids[0])).status]).toEqual([200, 404])
    expect((await page(50)).assets).toHaveLength(4)
    expect(site.complaints()).toHaveLength(1)
  })
})

test('what a G1 chat may name is served by generation 1, too', async () => {
  const { fileMetadataId } = await one.upload('picture')
  const frames = await one.frames(
    g1('Image Edit: make it blue', { fileAttachments: [fileMetadataId] }),
  )
  expect(frames.at(-1)?.modelResponse.generatedImageUrls).toHaveLength(2)
})
