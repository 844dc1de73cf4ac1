import { describe, expect, test } from 'bun:test'
import { settingLabel } from '#src/admin/settings/setting-field'
import { settingsWords } from '#src/admin/settings/words'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'

describe.skipIf(!(await hasBrowser()))('settings in a browser', () => {
  const visit = adminBrowser()
  test.each(LOOKS)(
    'one is found, changed, refused, taken up again and put back, $width px, $language',
    async (look) => {
      await using it = await adminWorld()
      const say = settingsWords[look.language]
      const label = (name: Parameters<typeof settingLabel>[1]) =>
        settingLabel({ language: look.language } as never, name)
      await visit(it, look, async ({ page, go, check, expects }) => {
        await go('/admin/settings')
        await check('settings')
        const heartbeat = page.getByLabel(label('heartbeat_ms'), { exact: true })
        await page.getByLabel(say.find).fill('heartbeat')
        expect(await page.locator('.setting:not([hidden])').count()).toBe(1)
        await check('settings-found')
        await page.getByLabel(say.find).fill('zzz')
        await page.getByText(say.none).waitFor()
        await page.getByLabel(say.find).fill('heartbeat')

        await heartbeat.fill('0')
        await page.getByRole('button', { name: say.save }).click()
        expect(await heartbeat.evaluate((field: HTMLInputElement) => field.validity.valid)).toBe(
          false,
        )
        await heartbeat.fill('9000')
        await page.getByRole('button', { name: say.save }).click()
        await page
          .locator('#notice')
          .getByText(say.saved(label('heartbeat_ms')))
          .waitFor()
        // What is looked for is still all that is shown.
        expect(await page.locator('.setting:not([hidden])').count()).toBe(1)
        expect((await it.stores.settings.all()).heartbeat_ms).toBe(9000)

        expects(409)
        await it.stores.settings.set('heartbeat_ms', 8000)
        await heartbeat.fill('7000')
        await page.getByRole('button', { name: say.save }).click()
        await page.getByText(say.conflict).waitFor()
        expect(await heartbeat.inputValue()).toBe('7000')
        await page.getByLabel(say.find).fill('')
        await check('settings-conflict')
        await page.getByRole('button', { name: say.save }).click()
        await page.getByText(say.conflict).waitFor({ state: 'hidden' })
        await page.locator('#notice').getByText(label('heartbeat_ms')).waitFor()

        await page
          .getByRole('button', { name: `${say.reset}: ${label('heartbeat_ms')}` })
          .press('Enter')
        await page
          .locator('#notice')
          .getByText(say.resetDone(label('heartbeat_ms')))
          .waitFor()
        expect(await heartbeat.inputValue()).toBe('15000')

        await page.getByLabel(label('web_user_agent'), { exact: true }).fill('my browser/1.0 (x)')
        await page.getByRole('button', { name: say.save }).click()
        await page
          .locator('#notice')
          .getByText(say.saved(label('web_user_agent')))
          .waitFor()
        await check('settings-secret')
        page.on('dialog', (dialog) => dialog.accept())
        await page
          .getByRole('button', { name: `${say.remove}: ${label('web_user_agent')}` })
          .click()
        await page
          .locator('#notice')
          .getByText(say.removed(label('web_user_agent')))
          .waitFor()
        expect((await it.stores.settings.all()).web_user_agent).toBe('')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'the keyboard goes on at what is wrong, and at what was put back',
    async () => {
      await using it = await adminWorld({ settings: { heartbeat_ms: 9000 } })
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      const say = settingsWords[look.language]
      await visit(it, look, async ({ page, go, expects }) => {
        await go('/admin/settings')
        expects(422)
        const proxy = page.locator('#field-proxy_web')
        await proxy.fill('socks5://10.0.0.1:1080')
        await page.getByRole('button', { name: say.save }).press('Enter')
        await page.getByText(say.wrong).waitFor()
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('field-proxy_web')
        await page.locator('#setting-heartbeat_ms button').press('Enter')
        await page.locator('#setting-heartbeat_ms button').waitFor({ state: 'detached' })
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('setting-heartbeat_ms')
      })
    },
    BROWSER_TEST_MS,
  )
})
