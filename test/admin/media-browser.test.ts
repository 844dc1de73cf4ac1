import { describe, expect, test } from 'bun:test'
import { mediaWords } from '#src/admin/media/words'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import { mp4 } from '../fakes/media/films'
import { jpeg } from '../fakes/media/jpeg'
import { png } from '../fakes/xai-media'
import { adminWorld } from '../support/admin'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { put } from '../support/object-stores'
import { uploadsTo } from '../support/uploads'

const FILM = `${'0'.repeat(31)}1.mp4`
const FAR = `${'0'.repeat(31)}2.jpg`

/** A gateway that keeps pictures, a video, and a file, and knows of a picture that is not here. */
async function filledWorld() {
  const it = await adminWorld()
  const upload = uploadsTo(it.url)
  for (const bytes of [jpeg('a', 200_000), png('b', 9_000, [64, 48]), jpeg('c', 40_000)])
    await upload.picture(bytes)
  await upload.file('ferns, and what becomes of them.txt', 'What ferns are.')
  const film = mp4('film', 50_000)
  await put(createObjects({ client: patient(it.client), now: Date.now }), FILM, film)
  const row = {
    ...{
      accountId: 'gone',
      keyId: 'env',
      source: 'https://x.example/v',
      model: 'grok-imagine-1.0',
    },
    ...{ fetcher: null, fetchUntil: null, createdAt: Date.now(), usedAt: Date.now() },
  }
  const kept = { mime: 'video/mp4', bytes: film.length, hash: 'f'.repeat(64) }
  await it.stores.media.publish({ ...row, ...kept, name: FILM, sort: 'video', sourceHash: '1' })
  const away = { mime: null, bytes: null, hash: null }
  await it.stores.media.publish({ ...row, ...away, name: FAR, sort: 'image', sourceHash: '2' })
  return it
}

describe.skipIf(!(await hasBrowser()))('media in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'are looked through, found, picked and deleted, $width px, $language',
    async (look) => {
      await using it = await filledWorld()
      const say = mediaWords[look.language]
      await visit(it, look, async ({ page, go, check }) => {
        page.on('dialog', (dialog) => dialog.accept())
        await go('/admin/media')
        expect(await page.locator('.tile').count()).toBe(5)
        await page.waitForFunction(() =>
          [...document.images]
            .filter((one) => one.src.includes('/content/'))
            .every((one) => one.complete && one.naturalWidth > 0),
        )
        await check('media')

        await page.getByLabel(say.sort).selectOption('video')
        await page.getByRole('search').getByRole('button').click()
        await page.waitForURL(/sort=video/)
        expect(await page.locator('.tile').count()).toBe(1)
        await page.getByRole('searchbox').fill('nothing has this')
        await page.getByRole('search').getByRole('button').click()
        await page.getByText(say.none).waitFor()
        await check('media-none')

        await go('/admin/media?sort=image')
        await page.getByRole('checkbox', { name: FAR }).check()
        await page.getByRole('button', { name: say.deleteSelected }).click()
        await page.locator('#notice p').waitFor()
        await page.waitForFunction(() => document.querySelectorAll('.tile').length === 3)
        expect(page.url()).toContain('sort=image')

        await page.getByRole('checkbox', { name: say.selectAll }).check()
        await page.getByRole('button', { name: say.deleteSelected }).click()
        await page.getByText(say.none).waitFor()
        await page.getByRole('button', { name: say.cleaning }).click()
        await page.locator('#notice').getByText(say.cleaningBegun).waitFor()

        await page.getByText(say.clear, { exact: true }).click()
        await page.getByRole('button', { name: say.clearVideos }).click()
        await page.waitForFunction(() => document.querySelectorAll('.tile').length === 0)
        await check('media-cleared')
        const { rows } = await it.client.execute('SELECT count(*) AS count FROM media')
        expect(rows[0]?.count).toBe(0)
      })
    },
    BROWSER_TEST_MS,
  )

  test.each(LOOKS)(
    'files of keys are listed and deleted, $width px, $language',
    async (look) => {
      await using it = await filledWorld()
      const say = mediaWords[look.language]
      await visit(it, look, async ({ page, go, check }) => {
        page.on('dialog', (dialog) => dialog.accept())
        await go('/admin/media/files')
        await check('media-files')
        await page.getByRole('checkbox').check()
        await page.getByRole('button', { name: say.deleteSelected }).click()
        await page.getByText(say.noFilesYet).waitFor()
      })
    },
    BROWSER_TEST_MS,
  )
})
