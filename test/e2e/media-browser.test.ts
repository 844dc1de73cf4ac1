import { describe, expect, test } from 'bun:test'
import { jpeg, mp4 } from '../fakes/grok-web'
import { hasBrowser, openBrowser } from '../support/browser'
import { filmAt, pictureAt, putting } from '../support/media-answers'
import { type WebGateway, webGateway } from '../support/web-gateway'
import { tell } from '../support/web-ways'

const isReady = await hasBrowser()

async function addressesOf(it: WebGateway) {
  it.grok.script(pictureAt(putting(it.grok, 'one', { bytes: jpeg('a cat', 5_000) })))
  const drawn = await tell(it.sdk, 'a chat', { text: 'A cat' })
  it.grok.script(filmAt(putting(it.grok, 'one', { bytes: mp4('waves', 5_000) })))
  const filmed = await tell(it.sdk, 'a chat', { model: 'grok-imagine-1.0-video', text: 'Waves' })
  const find = (text: string) =>
    /http\S+\/(?:images|videos)\/[\da-f]{32}\.\w+/.exec(text)?.[0] ?? ''
  return { picture: find(drawn.text), video: find(filmed.text) }
}

describe.skipIf(!isReady)('a browser', () => {
  test('shows pictures and videos by their addresses, and runs nothing there', async () => {
    await using it = await webGateway({ settings: { video_format: 'url' } })
    const { picture, video } = await addressesOf(it)
    await using browser = await openBrowser()
    const { page, complaints } = await browser.open(800)
    await page.goto(picture)
    expect(await page.evaluate('document.images[0].naturalWidth')).toBe(8)
    await page.goto(video)
    await page.waitForFunction('document.querySelector("video").networkState !== 2')
    expect(await page.evaluate('document.querySelector("video").currentSrc')).toBe(video)
    expect(await page.evaluate('window.origin')).toBe('null')
    expect(complaints.filter((text) => /policy|CORS/i.test(text))).toEqual([])
  }, 60_000)

  test('shows them in pages of others', async () => {
    await using it = await webGateway({ settings: { video_format: 'url' } })
    const { picture, video } = await addressesOf(it)
    const html = `<img src="${picture}" crossorigin><video src="${video}" crossorigin></video>`
    const server = Bun.serve({
      port: 0,
      fetch: () => new Response(html, { headers: { 'content-type': 'text/html' } }),
    })
    await using browser = await openBrowser()
    const { page, complaints } = await browser.open(800)
    await page.goto(`http://127.0.0.1:${server.port}/`)
    await page.waitForFunction('document.images[0].complete')
    expect(await page.evaluate('document.images[0].naturalWidth')).toBe(8)
    expect(complaints.filter((text) => /policy|CORS/i.test(text))).toEqual([])
    await server.stop(true)
  }, 60_000)
})
