import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemWords } from '#src/admin/system/words'
import type { InstanceRow } from '#src/store/instances'
import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { xaiAt } from '../support/gateway'
import { scratch } from '../support/programs'

const SERVING = { runtime: 'Bun 1.4.5 on linux-x64', version: '0.1.0', state: 'serving' } as const

/** Who else may share a database: processes of a machine, one that stops, a Worker. */
const OTHERS: readonly Omit<InstanceRow, 'startedAt' | 'seenAt' | 'expiresAt'>[] = [
  { ...SERVING, name: 'a1b2c3d4000000000000000000000001', host: 'fra-2', process: 0 },
  { ...SERVING, name: 'b2c3d4e5000000000000000000000002', host: 'fra-2', process: 1 },
  {
    ...{ ...SERVING, name: 'c3d4e5f6000000000000000000000003', process: null },
    ...{ host: 'a-machine-with-a-long-name-4d891f.internal', version: '0.0.9', state: 'draining' },
  },
  {
    ...{ ...SERVING, name: 'd4e5f607000000000000000000000004', process: null },
    ...{ host: null, runtime: 'Cloudflare Workers' },
  },
]

describe.skipIf(!(await hasBrowser()))('the system in a browser', () => {
  const visit = adminBrowser()
  test.each(LOOKS)(
    'is looked after: a job, the upstreams, a check and a backup, $width px, $language',
    async (look) => {
      await using folder = await scratch('system')
      await using upstream = fakeUpstream()
      await using it = await adminWorld({
        path: join(folder.path, 'groxy.db'),
        env: xaiAt(upstream.url),
      })
      const say = systemWords[look.language]
      await visit(it, look, async ({ page, go, check }) => {
        await go('/admin/system')
        await page.getByRole('button', { name: `${say.run}: cleaning` }).click()
        await page.locator('#notice').getByText(say.ran('cleaning')).waitFor()
        // The table is read again by itself.
        const row = page.locator('#jobs tr', { hasText: 'cleaning' }).first()
        await row.getByText(say.done, { exact: true }).waitFor()

        await page.getByRole('button', { name: say.look }).click()
        await page.locator('#notice').getByText(say.looked('1', '1')).waitFor()

        await page.getByRole('button', { name: say.check }).click()
        await page.getByText(say.sound).waitFor()

        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('link', { name: say.backup }).click(),
        ])
        expect(download.suggestedFilename()).toMatch(/^groxy-.*\.db$/)
        expect(await download.failure()).toBeNull()
        await page.locator('summary', { hasText: say.environment }).click()
        await page.getByText('XAI_API_KEY').waitFor()
        await check('system')
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'says who shares the database, $width px, $language',
    async (look) => {
      await using it = await adminWorld()
      const say = systemWords[look.language]
      await it.app.refresh()
      for (const [nth, one] of OTHERS.entries()) {
        const startedAt = Date.now() - nth * 3_600_000
        const times = { startedAt, seenAt: Date.now() - 4_000, expiresAt: Date.now() + 600_000 }
        await it.stores.instances.keep({ ...one, ...times })
      }
      await visit(it, look, async ({ page, go, check }) => {
        await go('/admin/system')
        const table = page.getByRole('table', { name: say.instancesCaption })
        for (const { name } of OTHERS)
          await table.getByText(name.slice(0, 8), { exact: true }).waitFor()
        await table.getByText(say.thisOne).waitFor()
        await table.getByText(say.draining, { exact: true }).waitFor()
        await table.getByText(`fra-2, ${say.process('1')}`).waitFor()
        await page.getByText(say.versionsDiffer).waitFor()
        await table.scrollIntoViewIfNeeded()
        await check('system-instances')
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'who is at a button of a job stays there while the table is kept up to date',
    async () => {
      await using it = await adminWorld()
      const [look] = LOOKS
      if (!look) throw new Error('There is no look.')
      const say = systemWords[look.language]
      await visit(it, look, async ({ page, go }) => {
        await go('/admin/system')
        const button = page.getByRole('button', { name: `${say.run}: cleaning` })
        await button.focus()
        await Promise.all([
          page.waitForResponse((answer) => answer.url().endsWith('/admin/system/jobs')),
          page.locator('#jobs').dispatchEvent('tick'),
        ])
        await page.waitForFunction(() => !document.querySelector('#jobs.htmx-request'))
        expect(await button.evaluate((one) => one === document.activeElement)).toBe(true)
      })
    },
    BROWSER_TEST_MS,
  )
})
