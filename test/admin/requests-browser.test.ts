import { describe, expect, test } from 'bun:test'
import { overviewWords } from '#src/admin/overview/words'
import { requestWords } from '#src/admin/requests/words'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { batchOf, entry } from '../support/entries'

const [MINUTE, DAY] = [60_000, 86_400_000]
const SAYS = 'Too many requests for team 0000: the limit of this model is 480 a minute.'

/** A gateway with two weeks of traffic, of which some went wrong. */
async function busyWorld() {
  const it = await adminWorld({ settings: { keep_content_days: 7 } })
  const now = Date.now()
  const { key } = await it.stores.keys.create({ name: 'laptop', dailyChat: 10 })
  const account = await it.stores.accounts.add({
    kind: 'openai',
    name: 'local',
    secret: 'sk-local-secret-0123456789',
    baseUrl: 'http://127.0.0.1:9/v1',
  })
  await it.app.refresh()
  const attempt = { account: account.id, model: 'grok-4', ms: 420 }
  const turns = Array.from({ length: 400 }, (_, at) => {
    const failed = at % 17 === 0
    return entry(`req_${String(at).padStart(32, '0')}`, {
      at: now - Math.floor((400 - at) ** 2 * 7_000),
      keyId: at % 3 === 0 ? 'env' : key.id,
      accountId: account.id,
      kind: 'openai',
      model: at % 4 === 0 ? 'grok-4' : 'grok-3-mini',
      modelUsed: at % 4 === 0 ? 'grok-4-0709' : 'grok-3-mini',
      stream: at % 2 === 0,
      attempts: failed ? 2 : 1,
      ...(failed && {
        outcome: 'failed',
        status: 429,
        errorCode: 'rate_limit_exceeded',
        attemptLog: [
          {
            ...attempt,
            fault: 'refused',
            status: 429,
            code: 'rate_limit',
            effect: 'cooling',
            says: SAYS,
          },
          { ...attempt, ms: 90, fault: 'refused', status: 403, code: 'challenge', effect: 'none' },
        ],
      }),
      firstByteMs: failed ? null : 200 + (at % 90),
      totalMs: 700 + ((at * 37) % 4_000),
      inputTokens: 900 + at,
      outputTokens: 150,
      costTicks: 31_000_000,
      costSource: 'computed' as const,
    })
  })
  await it.stores.ledger.append(batchOf(turns))
  const failed = `req_${String(391).padStart(32, '0')}`
  await it.stores.ledger.keep([
    {
      requestId: failed,
      at: now,
      request: '{"model":"grok-4","messages":[{"role":"user","content":"Why is the sky blue?"}]}',
      answer: 'No account can take this request now.',
    },
  ])
  return {
    ...it,
    failed,
    keyId: key.id,
    accountId: account.id,
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

describe.skipIf(!(await hasBrowser()))('traffic in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'why a request failed takes three clicks from the overview, $width px, $language',
    async (look) => {
      await using it = await busyWorld()
      await visit(it, look, async ({ page, go, check }) => {
        const [overview, say] = [overviewWords[look.language], requestWords[look.language]]
        await go('/admin')
        await page.getByRole('heading', { name: overview.attention }).waitFor()
        await check('overview')
        await page.locator('#hours-numbers > summary').click()
        expect(await page.locator('#hours-numbers tbody tr').count()).toBe(24)
        await page.locator('#attention a[href*="code="]').first().click()
        await page.locator('#rows a').first().waitFor()
        await check('requests-filtered')
        await page.locator('#rows a').first().click()
        await page.getByText(say.why).waitFor()
        expect(await page.locator('main').textContent()).toContain(SAYS)
        await check('request')
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'requests are filtered, watched, shown with what was said, and removed, $width px, $language',
    async (look) => {
      await using it = await busyWorld()
      await visit(it, look, async ({ page, go, check }) => {
        const say = requestWords[look.language]
        await go('/admin/requests')
        expect(await page.locator('#rows tr').count()).toBe(50)
        await check('requests')
        await page.getByRole('link', { name: say.older, exact: true }).click()
        await page.waitForURL(/after=/)
        expect(await page.locator('#rows tr').count()).toBe(50)

        await go('/admin/requests')
        await page.locator('details.more > summary').click()
        await page.getByLabel(say.key, { exact: true }).fill('laptop')
        await page.getByLabel(say.outcome).selectOption('problem')
        await page.getByLabel(say.since, { exact: true }).fill('soon')
        await page.locator('.toolbar button').click()
        await page.locator('#field-since-problem').waitFor()
        await check('requests-wrong-filter')
        await page.getByLabel(say.since, { exact: true }).fill('30d')
        await page.locator('.toolbar button').click()
        await page.waitForURL(/since=30d/)
        const found = await page.locator('#rows tr').count()
        expect(found).toBeGreaterThan(5)
        expect(found).toBeLessThan(25)

        await go(`/admin/requests/${it.failed}`)
        await page.getByText('Why is the sky blue?').first().waitFor()
        await check('request-said')

        await go('/admin/requests')
        await page.getByRole('link', { name: say.live }).click()
        await page.getByText(say.watching).waitFor()
        await it.stores.ledger.append(
          batchOf([entry('req_fresh', { at: Date.now(), model: 'brand-new' })]),
        )
        await page.locator('#rows').getByText('brand-new').waitFor()
        expect(await page.locator('#rows tr').count()).toBe(50)
        await page.getByRole('link', { name: say.pause }).click()
        await page.getByRole('link', { name: say.live }).waitFor()

        await page.getByText(say.clear, { exact: true }).click()
        await page.getByLabel(say.clearOlder).selectOption('7d')
        page.once('dialog', (dialog) => dialog.accept())
        await page.getByRole('button', { name: say.clearButton }).click()
        await page.locator('#notice p').waitFor()
        await check('requests-cleared')
      })
      const { rows } = await it.client.execute({
        sql: 'SELECT count(*) FROM ledger WHERE at < ?',
        args: [Date.now() - 7 * DAY],
      })
      expect(rows[0]?.[0]).toBe(0)
    },
    BROWSER_TEST_MS,
  )

  test(
    'the overview renews itself without losing the place',
    async () => {
      await using it = await busyWorld()
      await visit(
        it,
        LOOKS[0] ?? { width: 1280, language: 'en', theme: 'light' },
        async ({ page, go }) => {
          await go('/admin')
          await page.locator('#days-numbers > summary').click()
          await page.locator('#days-numbers > summary').focus()
          const before = await page.evaluate(() => scrollY)
          await it.stores.ledger.append(
            batchOf(
              Array.from({ length: 7_000 }, (_, at) =>
                entry(`req_more${at}`, { at: Date.now() - MINUTE }),
              ),
            ),
          )
          const first = page.locator('#overview .stat .value').first()
          const said = await first.textContent()
          await page.waitForResponse(`${it.url}/admin/overview`)
          await page.waitForFunction(
            (old) => document.querySelector('#overview .stat .value')?.textContent !== old,
            said,
          )
          expect(await page.locator('#days-numbers').getAttribute('open')).not.toBeNull()
          expect(await page.evaluate(() => document.activeElement?.parentElement?.id)).toBe(
            'days-numbers',
          )
          expect(await page.evaluate(() => scrollY)).toBe(before)
        },
      )
    },
    BROWSER_TEST_MS,
  )
})
