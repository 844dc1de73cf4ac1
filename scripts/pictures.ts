import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { cookiesOf } from '../test/support/admin-browser'
import { CHROMIUM, LAUNCH_ARGS } from '../test/support/browser'
import { livedIn } from '../test/support/lived-in'

// Makes the pictures of the documents anew: bun scripts/pictures.ts

const FOLDER = join(import.meta.dir, '../docs/pictures')
/** More makes a document slow to read. */
const MOST_BYTES = 150_000

interface Picture {
  readonly name: string
  readonly path: string
  readonly width: number
  readonly height: number
  readonly theme: 'light' | 'dark'
  readonly prepare?: (page: Page) => Promise<void>
}

async function ask(page: Page): Promise<void> {
  await page.getByLabel('Model').selectOption('grok-4')
  await page.getByRole('textbox', { name: 'Message' }).fill('Why is the sky blue?')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('what is left is orange and red').waitFor()
  await page.getByRole('button', { name: 'Send' }).waitFor()
  await page.evaluate(() => scrollTo(0, 0))
}

const toTable = (page: Page) =>
  page.locator('.table').evaluate((table) => scrollTo(0, table.getBoundingClientRect().top - 60))

const WIDE = { width: 1280, theme: 'light' } as const
const NARROW = { width: 360, theme: 'dark' } as const

await using it = await livedIn()
const PICTURES: readonly Picture[] = [
  { ...WIDE, name: 'overview', path: '/admin', height: 1040 },
  { ...WIDE, name: 'accounts', path: '/admin/accounts', height: 860 },
  { ...WIDE, name: 'request', path: `/admin/requests/${it.failed}`, height: 1000 },
  { ...WIDE, name: 'playground', path: '/admin/playground', height: 900, prepare: ask },
  { ...NARROW, name: 'overview-phone', path: '/admin', height: 780 },
  { ...NARROW, name: 'accounts-phone', path: '/admin/accounts', height: 780, prepare: toTable },
]

await mkdir(FOLDER, { recursive: true })
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  headless: true,
  args: LAUNCH_ARGS,
})
try {
  for (const { name, path, width, height, theme, prepare } of PICTURES) {
    const context = await browser.newContext({
      viewport: { width, height },
      locale: 'en-US',
      colorScheme: theme,
    })
    await context.addCookies(cookiesOf(it))
    const page = await context.newPage()
    await page.goto(it.url + path)
    await prepare?.(page)
    const bytes = await page.screenshot({ path: join(FOLDER, `${name}.png`) })
    if (bytes.length > MOST_BYTES) throw new Error(`${name}.png has ${bytes.length} bytes.`)
    console.info(`${name}.png ${bytes.length}`)
    await context.close()
  }
} finally {
  await browser.close()
}
