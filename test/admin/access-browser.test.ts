import { describe, expect, test } from 'bun:test'
import { accessWords } from '#src/admin/access/words'
import { auditWords } from '#src/admin/audit-log/words'
import { logIn } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { gateway } from '../support/gateway'

const OLD = 'the password before'
const NEW = 'the password after'

/** A gateway whose operator chose a password, and is logged in twice. */
async function world() {
  const it = await gateway()
  const { hashPassword } = await import('#src/password')
  await it.stores.settings.setMark('admin_password', await hashPassword(OLD))
  const { cookie } = await logIn(it, OLD)
  await logIn(it, OLD)
  return { ...it, cookie, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

describe.skipIf(!(await hasBrowser()))('who may administer, in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'sessions are ended, tokens made and revoked, the password changed, $width px, $language',
    async (look) => {
      const [say, told] = [accessWords[look.language], auditWords[look.language]]
      await using it = await world()
      await visit(it, look, async ({ page, go, check, expects }) => {
        page.on('dialog', (dialog) => dialog.accept())
        const button = (name: string) => page.getByRole('button', { name, exact: true })
        await go('/admin/access')
        await check('access')
        await button(say.endOthers).click()
        await page.getByText(say.othersEnded(1)).waitFor()

        await page.getByLabel(say.name).fill('deploy')
        await button(say.create).click()
        const token = page.locator('#new-token')
        await token.waitFor()
        expect(await token.textContent()).toMatch(/^groxy-admin-[\w-]{43}$/)
        await check('access-token')
        await button(say.revoke).click()
        await page.getByText(say.revoked('deploy')).waitFor()

        await page.getByLabel(say.present).fill('wrong')
        await page.getByLabel(say.wanted).fill(NEW)
        expects(422)
        await button(say.change).click()
        await page.getByText(say.wrong).waitFor()
        await check('access-wrong')
        await page.getByLabel(say.present).fill(OLD)
        await page.getByLabel(say.wanted).fill(NEW)
        await button(say.change).click()
        await page.getByText(say.changed).waitFor()

        await page.getByRole('link', { name: say.audit }).click()
        await page.getByText('password.change').waitFor()
        await check('audit')
        await page.getByLabel(told.action, { exact: true }).fill('token.')
        await button(told.filter).click()
        await page.getByText('token.revoke').waitFor()
        expect(await page.getByText('password.change').count()).toBe(0)
        await page.reload()
        expect(await page.getByLabel(told.action, { exact: true }).inputValue()).toBe('token.')
        await check('audit-filtered')
      })
      expect((await it.stores.audit.list(1, { action: 'password.change' })).length).toBe(1)
    },
    BROWSER_TEST_MS,
  )
})
