import { describe, expect, test } from 'bun:test'
import { scriptWords } from '#src/admin/playground/script-words'
import { playgroundWords } from '#src/admin/playground/words'
import { fakeXaiMedia, png } from '../fakes/xai-media'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { xaiAt } from '../support/gateway'

/** A gateway in front of a fake of xAI that makes pictures and videos. */
async function makingWorld() {
  await using stack = new AsyncDisposableStack()
  const xai = stack.use(fakeXaiMedia())
  const it = stack.use(
    await adminWorld({ env: xaiAt(xai.url), reachable: (address) => address === '127.0.0.1' }),
  )
  stack.defer(() => it.app.drain())
  const kept = stack.move()
  return { ...it, xai, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

describe.skipIf(!(await hasBrowser()))('what the playground makes', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'pictures, $width px, $language',
    async (look) => {
      await using it = await makingWorld()
      const [page$, say] = [playgroundWords[look.language], scriptWords[look.language]]
      await visit(it, look, async ({ page, go, check, expects }) => {
        await go('/admin/playground/image')
        await page.getByLabel(page$.prompt).fill('A fern in the rain')
        await page.getByLabel(page$.model).first().selectOption('grok-imagine-image')
        await page.getByLabel(page$.count).fill('2')
        await page.getByLabel(page$.shape).selectOption('16:9')
        await page.getByRole('button', { name: page$.draw }).click()
        const pictures = page.getByRole('img', { name: 'A fern in the rain' })
        await pictures.nth(1).waitFor()
        await page.getByRole('link', { name: say.request }).waitFor()
        for (const one of await pictures.all())
          expect(await one.getAttribute('src')).toStartWith('data:image/')
        expect(await page.getByRole('link', { name: say.download }).count()).toBe(2)
        await check('playground-image')
        const [made] = it.xai.callsOf('images.generations')
        expect(made?.body).toMatchObject({ prompt: 'A fern in the rain', aspect_ratio: '16:9' })

        await page.getByLabel(page$.change).setInputFiles({
          name: 'own.png',
          mimeType: 'image/png',
          buffer: Buffer.from(png('own')),
        })
        await page.getByRole('img', { name: 'own.png' }).waitFor()
        await page.getByLabel(page$.count).fill('1')
        await page.getByLabel(page$.prompt).fill('Make it snow')
        await page.getByRole('button', { name: page$.draw }).click()
        await page.getByRole('img', { name: 'Make it snow' }).waitFor()
        expect(it.xai.callsOf('images.edits').length).toBe(1)

        const { rows } = await it.client.execute('SELECT DISTINCT model, key_id FROM media')
        expect(rows.map((row) => [row.model, row.key_id])).toEqual([
          ['grok-imagine-image', 'playground'],
        ])

        expects(400)
        it.xai.alwaysDraws({ moderated: [0] })
        await page.getByRole('button', { name: page$.draw }).click()
        const alert = page.getByRole('alert')
        await alert.waitFor()
        expect(await alert.textContent()).toContain(say.hints.content_policy_violation)
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'a video, which a reload does not lose, $width px, $language',
    async (look) => {
      await using it = await makingWorld()
      const [page$, say] = [playgroundWords[look.language], scriptWords[look.language]]
      it.xai.films({ pollsUntilDone: 2 })
      await visit(it, look, async ({ page, go, check }) => {
        await go('/admin/playground/video')
        await page.getByLabel(page$.prompt).fill('Waves')
        await page.getByLabel(page$.model).first().selectOption('grok-imagine-video')
        await page.getByLabel(page$.length).selectOption('8')
        await page.getByRole('button', { name: page$.film }).click()
        await page.waitForURL(/video=video_/)
        await page.getByRole('progressbar').waitFor()
        await check('playground-video-progress')
        await page.reload()
        const video = page.locator('video')
        await video.waitFor()
        expect(await page.getByText('Waves').count()).toBe(1)
        await check('playground-video')
        const source = (await video.getAttribute('src')) ?? ''
        const content = await it.page(source, { headers: { range: 'bytes=0-9' } })
        expect(content.status).toBe(206)
        expect(content.headers.get('content-range')).toStartWith('bytes 0-9/')
        expect(await page.getByRole('link', { name: say.download }).count()).toBe(1)
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'a video that is cancelled is made no further',
    async () => {
      await using it = await makingWorld()
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      it.xai.films({ pollsUntilDone: 10_000 })
      await visit(it, look, async ({ page, go }) => {
        await go('/admin/playground/video')
        await page.getByLabel('What is to be seen').fill('Waves')
        await page.getByLabel('Model').first().selectOption('grok-imagine-video')
        await page.getByRole('button', { name: 'Make' }).click()
        await page.waitForURL(/video=video_/)
        await page.getByRole('button', { name: 'Cancel' }).click()
        await page.locator('#results').getByText(scriptWords.en.cancelled).waitFor()
        expect(new URL(page.url()).search).toBe('')
        const { rows } = await it.client.execute('SELECT id FROM videos')
        expect(rows.length).toBe(0)
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'pictures that are stopped are waited for no longer',
    async () => {
      await using it = await makingWorld()
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      await visit(it, look, async ({ page, go }) => {
        await page.route('**/images/generations', () => new Promise(() => {}))
        await go('/admin/playground/image')
        await page.getByLabel('What is to be seen').fill('A fern')
        await page.getByRole('button', { name: 'Make' }).click()
        await page.getByRole('button', { name: 'Stop' }).click()
        await page.getByText(scriptWords.en.stopped, { exact: true }).first().waitFor()
        await page.getByText(scriptWords.en.notMade).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )
})
