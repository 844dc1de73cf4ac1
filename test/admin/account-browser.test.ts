import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { addWords } from '#src/admin/accounts/add-words'
import { detailWords } from '#src/admin/accounts/detail-words'
import { editWords } from '#src/admin/accounts/edit-words'
import { findingWords } from '#src/admin/accounts/finding-words'
import { stateWords } from '#src/admin/accounts/state-words'
import { accountWords } from '#src/admin/accounts/words'
import { progressWords } from '#src/admin/batches/progress-words'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'

const HOUR = 3_600_000

describe.skipIf(!(await hasBrowser()))('accounts in a browser', () => {
  const visit = adminBrowser()
  let upstream: FakeUpstream
  beforeAll(() => {
    upstream = fakeUpstream()
  })
  afterAll(() => upstream?.[Symbol.asyncDispose]())

  const world = () => adminWorld({ env: { XAI_BASE_URL: upstream.url } })
  type World = Awaited<ReturnType<typeof world>>

  async function filled(it: World): Promise<void> {
    const kinds = ['xai', 'openai', 'web'] as const
    await it.stores.accountImport.add(
      Array.from({ length: 60 }, (_, at) => {
        const kind = kinds[at % 3] ?? 'xai'
        return {
          ...{ kind, name: `account-${String(at).padStart(2, '0')}`, baseUrl: upstream.url },
          secret: `xai-browser-key-${at}-0123456789`,
          tags: at % 4 ? null : ['team-a', 'bought'],
          note: at % 5 ? undefined : 'Bought in March from somebody who sells many of them.',
          ...(kind === 'web' && { tier: 'super' as const }),
        }
      }),
    )
    const all = await it.stores.accounts.list()
    const now = Date.now()
    const held = { scope: '', reason: '429: Too many requests', faults: 1, updatedAt: now }
    const states = ['cooling', 'exhausted', 'suspect', 'expired', 'disabled'] as const
    await it.stores.accountStates.save(
      all.slice(0, 5).map(({ id: accountId }, at) => ({
        ...{ ...held, accountId, state: states[at] ?? 'cooling' },
        until: at > 2 ? null : now + HOUR * (at + 1),
      })),
    )
    await it.stores.accountQuotas.save(
      all
        .filter(({ kind }) => kind === 'web')
        .flatMap(({ id: accountId }, at) =>
          ['units grok-3', 'units grok-4'].map((bucket) => ({
            ...{ accountId, bucket, limit: 80, remaining: (at * 7) % 81, resetAt: now + HOUR },
            ...{ source: 'reported' as const, updatedAt: now - 90_000 },
          })),
        ),
    )
    await it.stores.accounts.setEnabled([all.at(-1)?.id ?? ''], false)
    await it.app.refresh()
  }

  test.each(LOOKS)(
    'the first one is pasted, tested, changed and deleted, $width px, $language',
    async (look) => {
      await using it = await world()
      await visit(it, look, async ({ page, go, check, expects }) => {
        const [say, add] = [accountWords[look.language], addWords[look.language]]
        const [about, edit] = [detailWords[look.language], editWords[look.language]]
        const found = findingWords[look.language]
        await go('/admin/accounts')
        await page.getByText(say.emptyTitle).waitFor()
        await check('accounts-empty')
        const paste = page.getByRole('textbox', { name: add.paste })
        expects(422)
        await paste.fill('???')
        await page.getByRole('button', { name: add.submit }).click()
        await page.locator('#field-text-problem').waitFor()
        // It was never sent back, and is still there.
        expect(await paste.inputValue()).toBe('???')
        await paste.fill('xai-typed-key-0123456789abcdef')
        await page.getByRole('button', { name: add.submit }).click()
        await page.getByText(found.models).waitFor()
        await check('account-added')
        await page.getByRole('link', { name: add.open }).click()
        await page.getByRole('button', { name: about.testNow }).click()
        await page.getByText(found.models).waitFor()
        await check('account')

        const note = page.getByRole('textbox', { name: edit.note })
        await note.fill('mine')
        const [one] = await it.stores.accounts.list()
        if (one) await it.stores.accounts.update(one, { note: 'of somebody else' })
        expects(409)
        await page.getByRole('textbox', { name: edit.secret }).fill('xai-new-typed-key-0123456789')
        await page.getByRole('button', { name: edit.save }).click()
        await page.getByText(edit.conflict).waitFor()
        expect(await note.inputValue()).toBe('mine')
        expect(await page.getByRole('textbox', { name: edit.secret }).inputValue()).toBe(
          'xai-new-typed-key-0123456789',
        )
        await check('account-conflict')
        await page.getByRole('button', { name: edit.save }).click()
        await page.getByText(edit.saved).waitFor()
        expect(await page.getByRole('textbox', { name: edit.secret }).inputValue()).toBe('')
        expect((await it.stores.accounts.list())[0]).toMatchObject({ note: 'mine', hint: '6789' })

        await page.getByText(about.delete, { exact: true }).click()
        await page.getByRole('button', { name: about.deleteYes(`xai/${one?.name}`) }).click()
        await page.getByText(say.emptyTitle).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'many are searched, filtered, tested together and deleted, $width px, $language',
    async (look) => {
      await using it = await world()
      await filled(it)
      await visit(it, look, async ({ page, go, check }) => {
        const [say, called] = [accountWords[look.language], stateWords[look.language]]
        const work = progressWords[look.language]
        await go('/admin/accounts?sort=state')
        await page.getByText(called.expired, { exact: true }).first().waitFor()
        await check('accounts')

        const search = page.getByRole('searchbox', { name: say.search })
        await search.fill('account-07')
        await page.getByText(say.caption('1')).waitFor()
        expect(new URL(page.url()).search).toBe('?q=account-07&sort=state')
        expect(await search.inputValue()).toBe('account-07')
        await search.fill('')
        await page.getByLabel(say.kind, { exact: true }).selectOption('xai')
        await page.getByText(say.caption('20')).waitFor()
        await page.reload()
        await page.getByText(say.caption('20')).waitFor()

        await page.getByRole('checkbox', { name: say.selectPage }).check()
        await page.getByRole('button', { name: say.test, exact: true }).click()
        await page.getByText(work.of('20', '20')).waitFor()
        await page.getByText(work.done, { exact: true }).waitFor()
        await check('accounts-tested')
        await page.getByRole('link', { name: work.test }).click()
        await page.waitForURL('**/admin/batches/*')
        await check('batch')

        await go('/admin/accounts?state=off')
        await page.getByRole('radio', { name: say.allThatFit('1') }).check()
        await page.getByRole('button', { name: say.delete, exact: true }).click()
        await page.getByText(say.deleteTitle('1')).waitFor()
        await check('accounts-delete')
        await page.getByRole('button', { name: say.deleteYes('1') }).click()
        await page.locator('#notice').getByText(say.deleted('1')).waitFor()
        expect(await it.stores.accountSearch.count({})).toBe(59)
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'many are imported with a report, $width px, $language',
    async (look) => {
      await using it = await world()
      await visit(it, look, async ({ page, go, check }) => {
        const add = addWords[look.language]
        await go('/admin/accounts/import')
        await page
          .getByRole('textbox', { name: add.text })
          .fill('xai-imported-1-0123456789abcdef\n???\nxai-imported-2-0123456789abcdef')
        await page.getByRole('button', { name: add.importNow, exact: true }).click()
        await page.getByRole('button', { name: add.testNew('2') }).waitFor()
        await check('accounts-imported')
        await page.getByRole('button', { name: add.testNew('2') }).click()
        await page.getByText(progressWords[look.language].of('2', '2')).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'without scripts accounts are found and switched off',
    async () => {
      await using it = await world()
      await filled(it)
      const look = { width: 1280, language: 'en', theme: 'light' } as const
      const act = async (say = accountWords.en) =>
        visit(
          it,
          look,
          async ({ page, go }) => {
            await go('/admin/accounts')
            await page.getByRole('searchbox', { name: say.search }).fill('account-07')
            await page.getByRole('button', { name: say.search }).click()
            await page.getByText(say.caption('1')).waitFor()
            await page.getByRole('checkbox', { name: /account-07/ }).check()
            await page.getByRole('button', { name: say.disable }).click()
            await page.getByText(stateWords.en.off, { exact: true }).waitFor()
          },
          { javaScriptEnabled: false },
        )
      await act()
      expect(await it.stores.accountSearch.count({ state: 'off' })).toBe(2)
    },
    BROWSER_TEST_MS,
  )
})
