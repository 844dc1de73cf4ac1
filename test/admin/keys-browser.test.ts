import { describe, expect, test } from 'bun:test'
import { keyWords } from '#src/admin/keys/words'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'

describe.skipIf(!(await hasBrowser()))('keys in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'keys are made, changed and revoked, $width px, $language',
    async (look) => {
      await using it = await adminWorld()
      const say = keyWords[look.language]
      await visit(it, look, async ({ page, go, check, expects }) => {
        await go('/admin/keys')
        await check('keys-none')
        await page.getByRole('link', { name: say.add }).first().click()
        await page.getByRole('link', { name: say.recommended, exact: true }).click()
        await page.waitForSelector('#field-concurrency:not([value=""])')
        await page.locator('#field-models').fill('demo*\nnothing')
        await page.getByText(say.matchesNone('nothing')).waitFor()
        await page.locator('#field-name').fill('laptop')
        await page.locator('#field-concurrency').fill('-4')
        expects(422)
        await page.getByRole('button', { name: say.create }).click()
        await page.getByText(say.problemNumber).waitFor()
        await check('keys-form')
        await page.locator('#field-concurrency').fill('4')
        await page.getByRole('button', { name: say.create }).click()
        await page.getByText(say.made(1)).waitFor()
        await check('keys-made')
        const secret = (await page.locator('#secret-0').textContent()) ?? ''
        expect(secret).toStartWith('sk-groxy-')
        await page.reload()
        expect(await page.content()).not.toContain(secret)

        await go('/admin/keys/new')
        await page.locator('#field-name').fill('class')
        await page.locator('#field-count').fill('3')
        await page.getByRole('button', { name: say.create }).click()
        await page.getByText(say.made(3)).waitFor()
        await check('keys-many')
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('link', { name: say.download }).click(),
        ])
        const text = await Bun.file(await file.path()).text()
        expect(text.match(/^class-\d\tsk-groxy-\S+$/gm)).toHaveLength(3)

        await it.stores.keys.create({ name: 'busy', dailyChat: 2, dailyCostTicks: 1e10 })
        await go('/admin/keys')
        await page.getByRole('checkbox', { name: say.select('class-1') }).check()
        await page.getByRole('checkbox', { name: say.select('class-2') }).check()
        await page.getByRole('button', { name: say.disable }).click()
        await page.getByText(say.disabledMany(2)).waitFor()
        await check('keys-list')
        await page.getByRole('checkbox', { name: say.select('class-3') }).check()
        await page.getByRole('button', { name: say.revoke }).click()
        await page.getByText(say.revokeTitle(1)).waitFor()
        await check('keys-revoke')
        await page.getByRole('button', { name: say.revokeYes(1) }).click()
        await page.getByText(say.revokedMany(1)).waitFor()
        expect(await page.getByText('class-3').count()).toBe(0)

        await page.getByRole('link', { name: 'laptop' }).click()
        await page.locator('#field-name').fill('desktop')
        await page.getByRole('button', { name: say.save }).click()
        await page.getByText(say.saved).waitFor()
        await check('keys-one')
        await it.stores.keys.change(
          (await it.stores.keys.list()).find(({ name }) => name === 'desktop')?.id ?? '',
          { rescue: 'off' },
        )
        expects(409)
        await page.locator('#field-name').fill('mine')
        await page.getByRole('button', { name: say.save }).click()
        await page.getByText(say.conflict).waitFor()
        expect(await page.locator('#field-name').inputValue()).toBe('mine')
        await page.getByRole('link', { name: say.lookAgain }).click()
        page.once('dialog', (dialog) => dialog.accept())
        await page.getByRole('button', { name: say.revoke }).click()
        await page.getByText(say.revokedOne('desktop')).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'names that look like markup do nothing',
    async () => {
      await using it = await adminWorld()
      const name = '"><img src=x onerror="document.title=1"><script>document.title=2</script>'
      const { key } = await it.stores.keys.create({ name, models: [name] })
      await visit(
        it,
        LOOKS[0] ?? { width: 1280, language: 'en', theme: 'light' },
        async ({ page, go }) => {
          for (const path of [
            '/admin/keys',
            `/admin/keys/${key.id}`,
            `/admin/keys?search=${encodeURIComponent(name)}`,
          ]) {
            await go(path)
            expect(await page.getByText(name).count()).toBeGreaterThan(0)
            expect(await page.title()).toContain('Groxy')
          }
        },
      )
    },
    BROWSER_TEST_MS,
  )
})
