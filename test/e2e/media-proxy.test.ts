import { expect, test } from 'bun:test'
import OpenAI, { toFile } from 'openai'
import { KEY } from '../support/gateway'
import { hashOf, made, PICTURES } from '../support/media-kinds'
import { type MediaMachine, mediaMachine } from '../support/media-machine'
import { until } from '../support/programs'
import { reverseProxy } from '../support/reverse-proxy'

// Addresses of what is made, where clients speak with a proxy before the real executable.

const LONG = 60_000
const ADDRESS = /https?:\/\/\S+?\/(?:images|videos)\/[\da-f]{32}\.\w+/g

/** Every way in which an answer tells an address, asked for at an address. */
async function told(url: string): Promise<readonly string[]> {
  const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0 })
  const drawn = await sdk.images.generate({
    model: 'grok-imagine-image',
    prompt: 'A fern',
    response_format: 'url',
  })
  const chat = await sdk.chat.completions.create({
    model: 'grok-imagine-1.0',
    messages: [{ role: 'user', content: 'A fern' }],
  })
  const stream = await sdk.chat.completions.create({
    ...{ model: 'grok-imagine-1.0-video', stream: true },
    messages: [{ role: 'user', content: 'Waves' }],
  })
  let streamed = ''
  for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? ''
  const response = await sdk.responses.create({
    model: 'grok-imagine-1.0',
    input: 'A fern',
    store: false,
  })
  const form = new FormData()
  form.set('file', await toFile(PICTURES.png, 'a.png'))
  const headers = { authorization: `Bearer ${KEY}` }
  const brought = await fetch(`${url}/v1/uploads/image`, { method: 'POST', headers, body: form })
  const { request_id: id } = await sdk.post<{ request_id: string }>('/videos/generations', {
    body: { model: 'grok-imagine-1.0-video', prompt: 'Waves' },
  })
  const filmed = await until(async () => {
    const { video } = await sdk.get<{ video?: { url: string } }>(`/videos/${id}`)
    return video?.url
  })
  const texts = [
    ...[drawn.data?.[0]?.url, chat.choices[0]?.message.content, streamed, response.output_text],
    ...[await brought.text(), filmed],
  ]
  return texts.map((text) => {
    const [address = ''] = text?.match(ADDRESS) ?? []
    expect(address, String(text)).not.toBe('')
    return address
  })
}

/** That anyone can open them there, whole and in part. */
async function expectOpen(world: MediaMachine, addresses: readonly string[], origin: string) {
  for (const address of addresses) {
    expect(address).toStartWith(`${origin}/`)
    const whole = await fetch(address)
    const bytes = await whole.bytes()
    expect([whole.status, whole.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^(image|video)\//),
    ])
    expect([...made(world), hashOf(PICTURES.png)]).toContain(hashOf(bytes))
    const part = await fetch(address, { headers: { range: 'bytes=4-9' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 4-9/${bytes.length}`,
    ])
    expect(await part.bytes()).toEqual(bytes.subarray(4, 10))
  }
}

const WORLD = { xai: ['one'], web: [{ name: 'one', tier: 'super' }] } as const

test(
  'addresses begin where the proxy is, and open there',
  async () => {
    await using world = await mediaMachine(WORLD)
    await using it = await world.start({ TRUSTED_PROXIES: '127.0.0.1' })
    await using proxy = reverseProxy(() => it.url)
    await expectOpen(world, await told(proxy.url), proxy.url)
    // Who comes without one is told what he has called.
    await expectOpen(world, await told(it.url), it.url)
    // What was told at one place opens at the other.
    const [address = ''] = await told(it.url)
    expect((await fetch(address.replace(it.url, proxy.url))).status).toBe(200)
  },
  LONG,
)

test(
  'addresses begin where the server itself is, when the proxy is nobody to be believed',
  async () => {
    await using world = await mediaMachine(WORLD)
    await using it = await world.start()
    await using proxy = reverseProxy(() => it.url)
    await expectOpen(world, await told(proxy.url), it.url)
  },
  LONG,
)

test(
  'addresses begin where the operator says, whoever says otherwise',
  async () => {
    let target = ''
    await using proxy = reverseProxy(() => target, '/groxy')
    await using world = await mediaMachine({ ...WORLD, settings: { base_url: `${proxy.url}/` } })
    await using it = await world.start({ TRUSTED_PROXIES: '127.0.0.1' })
    target = it.url
    await using other = reverseProxy(() => it.url)
    for (const url of [it.url, other.url, proxy.url])
      await expectOpen(world, await told(url), proxy.url)
  },
  LONG,
)
