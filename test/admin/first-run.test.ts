import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { findingWords } from '#src/admin/accounts/finding-words'
import { playgroundWords } from '#src/admin/playground/words'
import { setupWords } from '#src/admin/setup/words'
import { shellWords } from '#src/admin/shell-words'
import { fakeUpstream } from '../fakes/upstream'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { gateway } from '../support/gateway'

const SECRET = 'xai-0123456789abcdefghijklmnopqrstuv'
const PASSWORD = 'long enough for anybody'
/** From the link to an answer. */
const MOST_MS = 120_000

/** A gateway that was never set up, beside an xAI that knows one key. */
async function untouched() {
  const xai = fakeUpstream(({ headers }) =>
    headers.get('authorization') === `Bearer ${SECRET}`
      ? undefined
      : Response.json({ error: 'Incorrect API key provided.' }, { status: 401 }),
  )
  const it = await gateway({ env: { XAI_BASE_URL: xai.url } })
  return {
    ...it,
    xai,
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await xai.stop()
    },
  }
}

/** Take the first step, from the link on. */
async function choosePassword(
  { url, setupToken }: Awaited<ReturnType<typeof untouched>>,
  say: typeof setupWords.en,
  page: Page,
): Promise<void> {
  await page.goto(`${url}/setup?token=${setupToken}`)
  await page.getByLabel(say.password).fill(PASSWORD)
  await page.getByRole('button', { name: say.next }).click()
}

describe.skipIf(!(await hasBrowser()))('the first run', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'leads from the link to an answer, $width px, $language, $theme',
    async (look) => {
      const say = setupWords[look.language]
      const found = findingWords[look.language]
      await using it = await untouched()
      await visit(it, look, async ({ page, context, go, check, expects }) => {
        const begun = Date.now()
        const button = (name: string) => page.getByRole('button', { name, exact: true })
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])

        await go(`/setup?token=${it.setupToken}`)
        await check('first-run-1-password')
        const password = page.getByLabel(say.password)
        await password.fill('short')
        await button(say.next).click()
        expect(await password.evaluate((input: HTMLInputElement) => input.validity.tooShort)).toBe(
          true,
        )
        await password.fill(PASSWORD)
        await button(say.next).click()

        await page.getByRole('heading', { name: say.addTitle }).waitFor()
        await page.reload()
        await check('first-run-2-account')
        expects(422)
        const box = page.getByLabel(say.paste)
        await box.fill('xai-wrong0123456789abcdefghijklmnopqr')
        await button(say.add).click()
        await page.getByText(found.refused).waitFor()
        expect(await box.inputValue()).toStartWith('xai-wrong')
        await check('first-run-3-refused')
        await box.fill(SECRET)
        await button(say.add).click()
        await page.getByText(found.models).waitFor()
        await check('first-run-4-added')
        expect(await it.stores.accounts.list()).toMatchObject([{ kind: 'xai', hint: 'stuv' }])
        await button(say.goOn).click()

        await page.getByRole('heading', { name: say.readyTitle }).waitFor()
        const secret = String(await page.locator('#key').textContent())
        expect(secret).toStartWith('sk-groxy-')
        await page
          .locator('.copyable', { has: page.locator('#key') })
          .getByRole('button')
          .click()
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
        await page.locator('summary', { hasText: 'Python' }).click()
        expect(await page.locator('#python').textContent()).toContain(`api_key="${secret}"`)
        await check('first-run-5-key')

        await button(say.send).click()
        await page.locator('#try-answer').getByText('Hello').waitFor()
        await page
          .locator('#try-told')
          .getByText(/^(Answered\.|回答完毕).*\d+/)
          .waitFor()
        expect(Date.now() - begun).toBeLessThan(MOST_MS)
        await check('first-run-6-answer')

        await page.reload()
        await page.getByText(say.keyGone(secret.slice(-4))).waitFor()
        expect(await page.content()).not.toContain(secret)
        expect(await page.getByLabel(say.model).inputValue()).toBe('grok-4')
        expect(await it.stores.keys.list()).toHaveLength(1)

        expects(403)
        await page.goto(`${it.url}/setup?token=${it.setupToken}`)
        await page.getByRole('heading', { name: say.closed }).waitFor()
        await check('first-run-7-used')
        await page.getByRole('link', { name: say.logIn }).click()
        await page.waitForURL('**/admin/login')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'goes on without an account: the demo model answers, and can be stopped',
    async () => {
      const look = { width: 360, language: 'en', theme: 'light' } as const
      const say = setupWords.en
      await using it = await untouched()
      await visit(it, look, async ({ page }) => {
        await choosePassword(it, say, page)
        await page.getByRole('button', { name: say.skip }).click()
        await page.getByText(say.tryDemo).waitFor()
        await page.getByLabel(say.prompt).press('Tab')
        await page.keyboard.press('Enter')
        const answer = page.locator('#try-answer')
        await answer.getByText('demo model').waitFor()
        expect(await answer.getAttribute('aria-busy')).toBe('true')
        await page.getByRole('button', { name: say.stop }).click()
        await page.getByText(say.stopped).waitFor()
        expect(await answer.getAttribute('aria-busy')).toBe('false')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'sends nothing before the answer can be shown, however slowly the script comes',
    async () => {
      const look = { width: 1280, language: 'en', theme: 'light' } as const
      const say = setupWords.en
      await using it = await untouched()
      await visit(it, look, async ({ page }) => {
        await choosePassword(it, say, page)
        let bring = () => {}
        const wanted = new Promise<void>((resolve) => {
          bring = resolve
        })
        await page.route(/\/(?:try|playground-chat)\b[^/]*\.js/, async (route) => {
          await wanted
          await route.continue()
        })
        for (const [path, send] of [
          ['/admin/welcome/ready?model=demo', say.send],
          ['/admin/playground', playgroundWords.en.send],
        ] as const) {
          await page.goto(it.url + path, { waitUntil: 'commit' })
          const button = page.getByRole('button', { name: send, exact: true })
          await button.waitFor()
          expect(await button.isDisabled()).toBe(true)
          await page.locator('[name="prompt"]').fill('Hello?')
        }
        bring()
        await page.getByRole('button', { name: playgroundWords.en.send, exact: true }).click()
        await page.locator('#turns').getByText('demo model').first().waitFor()
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'tells why nothing was answered',
    async () => {
      const look = { width: 1280, language: 'en', theme: 'light' } as const
      const say = setupWords.en
      await using it = await untouched()
      await visit(it, look, async ({ page, go, expects }) => {
        await choosePassword(it, say, page)
        await page.getByRole('heading', { name: say.addTitle }).waitFor()
        await go('/admin/welcome/ready?model=demo-fail')
        expects(/status of [45]\d\d/)
        await page.getByRole('button', { name: say.send }).click()
        await page.locator('#try-told').getByText(`${say.failed}: `).waitFor()
        await go('/admin/welcome/ready?model=demo-cut')
        await page.getByRole('button', { name: say.send }).click()
        await page.locator('#try-told').getByText(`${say.failed}: `).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'language and appearance change at once, and the page stays where it was',
    async () => {
      const look = { width: 1280, language: 'en', theme: 'light' } as const
      await using it = await untouched()
      await visit(it, look, async ({ page, go }) => {
        await go(`/setup?token=${it.setupToken}`)
        const html = page.locator('html')
        await page.getByLabel(shellWords.en.language).selectOption('zh')
        await page.getByRole('heading', { name: setupWords.zh.title }).waitFor()
        expect(await html.getAttribute('lang')).toBe('zh-CN')
        expect(await page.title()).toBe(`${setupWords.zh.title} · Groxy`)
        expect(page.url()).toContain(it.setupToken)
        const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
        await page.getByLabel(shellWords.zh.theme).selectOption('dark')
        await page.locator('html[data-theme="dark"]').waitFor()
        expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(
          light,
        )
      })
    },
    BROWSER_TEST_MS,
  )
})
