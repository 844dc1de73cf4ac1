import { describe, expect, test } from 'bun:test'
import { withHeads } from '#src/heads'
import { contextOf, setContext } from '#src/http/context'

const ID = '0f8fad5bd9cb469fa16570867728950e'

function around(answer: (request: Request) => Response) {
  const seen: Request[] = []
  const handle = withHeads((request) => {
    seen.push(request)
    return answer(request)
  })
  const ask = (path: string, method = 'HEAD', headers: Record<string, string> = {}) =>
    handle(new Request(`http://localhost${path}`, { method, headers }))
  return { ask, handle, seen }
}

const endless = (left: () => void) =>
  new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    cancel: left,
  })

describe('who asks for a head', () => {
  test.each([
    `/images/${ID}.jpg`,
    `/videos/${ID}.mp4`,
    '/v1/files/file-1/content',
    '/v1/videos/video_1/content?variant=video',
  ])('of %s is told what the whole would be, and nothing of it is read', async (path) => {
    let hasLeft = false
    const { ask, seen } = around(
      () =>
        new Response(
          endless(() => {
            hasLeft = true
          }),
          { headers: { 'content-length': '1000000000', etag: '"a"' } },
        ),
    )
    const response = await ask(path, 'HEAD', { range: 'bytes=1-2', authorization: 'Bearer a' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('1000000000')
    expect(response.headers.get('etag')).toBe('"a"')
    expect(response.body).toBeNull()
    expect(hasLeft).toBe(true)
    const [asked] = seen
    expect(asked?.method).toBe('GET')
    expect(asked?.headers.get('range')).toBeNull()
    expect(asked?.headers.get('authorization')).toBe('Bearer a')
  })

  test('is told how long something is when that shows', async () => {
    const { ask } = around(() => new Response(new Blob(['12345']).stream()))
    expect((await ask(`/images/${ID}.jpg`)).headers.get('content-length')).toBe('5')
  })

  test('is told what is wrong', async () => {
    const { ask } = around(() => new Response('no', { status: 404, headers: { a: 'b' } }))
    const response = await ask(`/images/${ID}.jpg`)
    expect([response.status, response.headers.get('a'), response.body]).toEqual([404, 'b', null])
  })

  test('is the same client as before', async () => {
    const { handle, seen } = around(() => new Response('12'))
    const request = new Request(`http://localhost/images/${ID}.jpg`, { method: 'HEAD' })
    const context = { requestId: 'req_1', original: request, listener: undefined }
    setContext(request, context)
    await handle(request)
    expect(seen[0] && contextOf(seen[0])).toBe(context)
  })

  test('of anything else, or asks for the whole, is left to others', async () => {
    const { ask, seen } = around(() => new Response('12'))
    await ask('/v1/models')
    await ask(`/images/${ID}.jpg`, 'GET')
    await ask(`/images/a/${ID}.jpg`)
    expect(seen.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD'])
  })
})
