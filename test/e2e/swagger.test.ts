import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { jpeg } from '../fakes/xai-media'
import { hasBrowser, openBrowser, overflowOf } from '../support/browser'
import { gateway, KEY } from '../support/gateway'
import { videoWorld } from '../support/video-world'

const WIDTHS = [1280, 360]
const LAUNCH_MS = 30_000
const TEST_MS = 60_000

/** Set it to look at the pages. */
const PICTURES = process.env.GROXY_SCREENSHOTS

const keep = async (page: Page, name: string): Promise<void> => {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}

describe.skipIf(!(await hasBrowser()))('in a browser', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    browser = await openBrowser()
  }, LAUNCH_MS)
  afterAll(() => browser[Symbol.asyncDispose]())

  test.each(WIDTHS)(
    'Swagger UI lists and tries the operations, without the internet, %d px wide',
    async (width) => {
      await using gate = await gateway()
      const { page, complaints, hosts } = await browser.open(width)
      await page.goto(`${gate.url}/swagger`)
      const operation = (id: string) => page.locator(`.opblock[id$="-${id}"]`)
      for (const id of ['createChatCompletion', 'listModels', 'retrieveModel', 'health', 'ready'])
        await operation(id).waitFor()
      await keep(page, `swagger-list-${width}`)

      await authorize(page, () => keep(page, `swagger-authorized-${width}`))

      const list = operation('listModels')
      await run(list)
      expect(
        await list.locator('.live-responses-table .microlight').first().textContent(),
      ).toContain('demo-thinking')

      const chat = operation('createChatCompletion')
      await run(chat)
      const said = await chat.locator('.live-responses-table .microlight').first().textContent()
      expect(said).toContain('"chat.completion"')
      expect(said).toContain('"demo"')
      await keep(page, `swagger-tried-${width}`)

      expect(await overflowOf(page)).toBe(0)
      expect([...hosts]).toEqual(['127.0.0.1'])
      expect(complaints).toEqual([])
      await page.context().close()
    },
    TEST_MS,
  )

  test.each(WIDTHS)(
    'Swagger UI sends forms as they stand, and shows what is made, %d px wide',
    async (width) => {
      await using world = await videoWorld()
      const { page, complaints } = await browser.open(width)
      await page.goto(`${world.gate.url}/swagger`)
      await authorize(page)
      const operation = (id: string) => page.locator(`.opblock[id$="-${id}"]`)
      const file = { name: 'fern.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(jpeg('A fern')) }

      const forms = ['createImageEdit', 'createVideo', 'createFile', 'uploadImage']
      for (const id of forms) await run(operation(id), { file })
      const upload = operation('uploadImage').locator('.live-responses-table .microlight').first()
      const { name } = JSON.parse(String(await upload.textContent()))

      await run(operation('getImage'), { name })
      const picture = operation('getImage').locator('.live-responses-table img')
      expect(
        await picture.evaluate((it: HTMLImageElement) => it.decode().then(() => it.width)),
      ).toBe(8)

      const { id } = await world.create()
      await world.becomes(id, 'completed')
      await run(operation('downloadVideoContent'), { id })
      await operation('downloadVideoContent').getByText('Download file').waitFor()
      await keep(page, `swagger-media-${width}`)
      expect(await overflowOf(page)).toBe(0)
      expect(complaints).toEqual([])
      await page.context().close()
    },
    TEST_MS,
  )
})

/** Tell the page a key. */
async function authorize(page: Page, look?: () => Promise<void>): Promise<void> {
  await page.locator('.auth-wrapper button.authorize').first().click()
  await page.locator('.auth-container input').first().fill(KEY)
  await page.locator('.auth-btn-wrapper button.authorize').first().click()
  await look?.()
  await page.locator('.auth-btn-wrapper button.btn-done').first().click()
}

interface Filled {
  readonly file?: { readonly name: string; readonly mimeType: string; readonly buffer: Buffer }
  readonly [parameter: string]: unknown
}

/** Open an operation, execute it as it stands, and wait for a 200. */
async function run(operation: Locator, { file, ...parameters }: Filled = {}): Promise<void> {
  await operation.locator('.opblock-summary-control').click()
  const types = operation.locator('.opblock-section-request-body select').first()
  if (file) {
    if (await types.locator('[value="application/json"]').count())
      await types.selectOption('multipart/form-data')
    await operation.locator('input[type=file]').first().setInputFiles(file)
  }
  for (const [name, value] of Object.entries(parameters))
    await operation.locator(`[data-param-name="${name}"] input`).fill(String(value))
  await operation.locator('button.execute').click()
  const status = operation.locator('.live-responses-table .response-col_status').last()
  await status.waitFor()
  expect(await status.textContent()).toStartWith('200')
}
