import { describe, expect, test } from 'bun:test'
import { scriptWords } from '#src/admin/playground/script-words'
import { fakeGrokWeb } from '../fakes/grok-web'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { openaiAt } from '../support/gateway'

const LOOK = { width: 1280, language: 'en', theme: 'light' } as const

describe.skipIf(!(await hasBrowser()))('the playground in front of other upstreams', () => {
  const visit = adminBrowser()

  test(
    'pictures that a grok.com session draws in a chat are shown',
    async () => {
      await using grok = fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] })
      await using it = await adminWorld({
        env: { WEB_ASSETS_URL: grok.assetsUrl },
        reachable: (address) => address === '127.0.0.1',
      })
      const { sso: secret } = grok.account('one')
      const wanted = { kind: 'web', name: 'one', baseUrl: grok.url, secret } as const
      await it.stores.accounts.add({ ...wanted, tier: 'super' })
      await it.app.refresh()
      await visit(it, LOOK, async ({ page, go, check }) => {
        await go('/admin/playground?model=grok-imagine-1.0')
        const prompt = page.getByRole('textbox', { name: 'Message' })
        await prompt.fill('A fern in the rain')
        await prompt.press('Enter')
        await page.getByRole('button', { name: scriptWords.en.copyAnswer }).waitFor()
        const pictures = page.locator('.said img')
        expect(await pictures.count()).toBeGreaterThan(0)
        for (const one of await pictures.all()) {
          await one.scrollIntoViewIfNeeded()
          expect(await one.getAttribute('src')).toStartWith(`${it.url}/images/`)
          await page.waitForFunction(
            (image) => (image as HTMLImageElement).naturalWidth > 0,
            await one.elementHandle(),
          )
        }
        await check('playground-web')
        const { rows } = await it.client.execute('SELECT DISTINCT model, key_id FROM media')
        expect(rows.map((row) => [row.model, row.key_id])).toEqual([
          ['grok-imagine-1.0', 'playground'],
        ])
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'previews of a picture are shown before it',
    async () => {
      await using openai = fakeOpenAiMedia()
      await using it = await adminWorld({
        env: openaiAt(openai.url),
        reachable: (address) => address === '127.0.0.1',
      })
      await visit(it, LOOK, async ({ page, go }) => {
        await go('/admin/playground/image?model=gpt-image-1')
        await page.evaluate(() => {
          const seen: string[] = []
          Object.assign(globalThis, { seen })
          new MutationObserver(() => {
            const alt = document.querySelector<HTMLImageElement>('#results img')?.alt
            if (alt && seen.at(-1) !== alt) seen.push(alt)
          }).observe(document.body, { childList: true, subtree: true })
        })
        await page.getByLabel('What is to be seen').fill('A fern')
        await page.getByRole('button', { name: 'Make' }).click()
        await page.getByRole('img', { name: 'A fern' }).waitFor()
        expect(await page.evaluate('seen')).toEqual([scriptWords.en.preview, 'A fern'])
      })
    },
    BROWSER_TEST_MS,
  )
})
