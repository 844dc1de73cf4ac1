import { describe, expect, test } from 'bun:test'
import { modelWords } from '#src/admin/models/words'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { modelsWorld } from '../support/models-world'

describe.skipIf(!(await hasBrowser()))('models in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'models are found, named and priced, $width px, $language',
    async (look) => {
      await using it = await modelsWorld('file')
      const say = modelWords[look.language]
      await visit(it, look, async ({ page, go, check, expects }) => {
        await go('/admin/models')
        await check('models')
        await page.locator('#field-search').fill('grok-4-heavy')
        await page.locator('#field-search').press('Enter')
        await page.getByText(say.whyNoSession).waitFor()
        await check('models-why')

        await page.getByRole('link', { name: say.aliases }).click()
        await check('aliases-none')
        await page.getByRole('link', { name: say.addAlias }).click()
        await page.locator('#field-name').fill('gpt-4o')
        await page.locator('#field-mode').selectOption('split')
        await page.locator('#field-targets').fill('grok-4=9\nllama3=none')
        await page.getByLabel(say.context_length).check()
        expects(422)
        await page.getByRole('button', { name: say.create }).click()
        await page.getByText(say.problemWeight('llama3=none')).waitFor()
        await check('alias-form')
        await page.locator('#field-targets').fill('grok-4=9\nunheard-of=1')
        await page.getByRole('button', { name: say.create }).click()
        await page.getByText(say.unknownModels('unheard-of')).waitFor()
        await check('aliases')
        page.once('dialog', (dialog) => {
          expect(dialog.message()).toBe(say.removeAlias('gpt-4o'))
          return dialog.accept()
        })
        await page.getByRole('button', { name: say.remove }).click()
        await page.getByText(say.aliasRemoved('gpt-4o')).waitFor()

        await page.getByRole('link', { name: say.prices, exact: true }).click()
        await page.getByRole('link', { name: say.addPrice }).click()
        await page.locator('#field-model').fill('llama3')
        await page.locator('#field-input').fill('0.2')
        await page.getByRole('button', { name: say.create }).click()
        await page.locator('#field-output[aria-invalid]').waitFor()
        await check('price-form')
        await page.locator('#field-output').fill('0.6')
        await page.getByRole('button', { name: say.create }).click()
        await page.getByRole('link', { name: 'llama3' }).waitFor()
        await check('prices')
        await page.getByRole('link', { name: 'llama3' }).click()
        await page.locator('#field-output').fill('0.7')
        await page.getByRole('button', { name: say.save }).click()
        await page.getByText('$0.7').waitFor()
      })
    },
    BROWSER_TEST_MS,
  )
})
