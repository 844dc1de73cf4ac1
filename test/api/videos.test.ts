import { describe, expect, test } from 'bun:test'
import { toFile } from 'openai'
import { png } from '../fakes/xai-media'
import { VIDEO_MODEL, videoWorld } from '../support/video-world'

const LONG = 40_000

describe('a video', () => {
  test('try', async () => {
    await using it = await videoWorld()
    const begun = await it.sdk.videos.create({ model: VIDEO_MODEL as 'sora-2', prompt: 'Waves', seconds: '4', size: '720x1280', input_reference: await toFile(png('a'), 'a.png') })
    console.log(begun)
    const done = await it.becomes(begun.id, 'completed')
    console.log(done, it.xai.callsOf('videos.generations')[0]?.body)
    const content = await it.sdk.videos.downloadContent(begun.id)
    console.log(content.status, Object.fromEntries(content.headers), (await content.bytes()).length)
    const part = await fetch(`${it.gate.url}/v1/videos/${begun.id}/content`, { headers: { authorization: 'Bearer sk-groxy-test-0123456789', range: 'bytes=-10' } })
    console.log(part.status, part.headers.get('content-range'))
    console.log(await it.gate.ledger())
    console.log((await it.gate.client.execute('select * from files')).rows, (await it.gate.client.execute('select * from videos')).rows)
    console.log(await (await it.call('DELETE', `/videos/${begun.id}`)).json())
    console.log((await it.gate.client.execute('select count(*) from media')).rows)
  }, LONG)
})
