import { afterAll, beforeAll, expect } from 'bun:test'
import { join } from 'node:path'
import axe from 'axe-core/axe.min.js' with { type: 'text' }
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM, LAUNCH_ARGS, overflowOf } from './browser'

// The admin page in Chromium, as operators see it. A file of tests has one browser:
//
//   describe.skipIf(!(await hasBrowser()))('keys in a browser', () => {
//     const visit = adminBrowser()
//     test.each(LOOKS)('a key is made, $width px, $language', async (look) => {
//       await using it = await adminWorld()            // with `cookie`: logged in; a bare `gateway()`: not
//       await visit(it, look, async ({ page, go, check, expects }) => {
//         const say = keyWords[look.language]
//         await go('/admin/keys')
//         await page.getByRole('button', { name: say.create }).click()
//         expects(422)                                 // a refusal that the browser may note
//         await check('keys-created')                  // axe, overflow; a picture, if wanted
//       })
//     }, BROWSER_TEST_MS)
//   })
//
// At the end of a visit there must have been no violation of the policy, nothing on the console, and no
// request to another host. `GROXY_SCREENSHOTS=folder` keeps a picture of every `check`.

export interface Look {
  readonly width: number
  readonly language: 'en' | 'zh'
  readonly theme: 'light' | 'dark'
}

/** Both widths in both languages, light and dark. */
export const LOOKS: readonly Look[] = [
  { width: 1280, language: 'en', theme: 'light' },
  { width: 1280, language: 'zh', theme: 'dark' },
  { width: 360, language: 'en', theme: 'dark' },
  { width: 360, language: 'zh', theme: 'light' },
]

/** How long a test with a browser may take on a busy machine. */
export const BROWSER_TEST_MS = 180_000
const LAUNCH_MS = 60_000
const PATIENCE_MS = 60_000

const PICTURES = process.env.GROXY_SCREENSHOTS

/** A gateway, or anything else that answers; with a cookie of who is logged in. */
interface World {
  readonly url: string
  readonly cookie?: string
}

/** What a test does with a page. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Open a page of this gateway; it must be there. */
  readonly go: (path: string) => Promise<void>
  /** What is shown now is accessible, fits its width, and is kept as a picture where that is wanted. */
  readonly check: (name: string) => Promise<void>
  /** A refusal with this status, or what else is said so, is part of the test: the browser may note it. */
  readonly expects: (what: number | RegExp) => void
  /** What there was to complain of so far. */
  readonly complaints: () => readonly string[]
}

/** One browser for all tests of a file, and a visit with it for each. */
export function adminBrowser() {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: LAUNCH_ARGS })
  }, LAUNCH_MS)
  afterAll(() => browser?.close())

  return async (
    world: World,
    look: Look,
    act: (visit: Visit) => Promise<void>,
    options: { readonly javaScriptEnabled?: boolean } = {},
  ): Promise<void> => {
    const context = await browser.newContext({
      viewport: { width: look.width, height: look.width < 600 ? 740 : 800 },
      locale: look.language === 'zh' ? 'zh-CN' : 'en-US',
      colorScheme: look.theme,
      ...options,
    })
    try {
      await context.addCookies(cookiesOf(world))
      const visit = await begin(context, world, look)
      await act(visit)
      expect(visit.complaints()).toEqual([])
    } finally {
      await context.close()
    }
  }
}

/** The cookies of who is logged in, as a browser takes them. */
export function cookiesOf({ url, cookie }: World) {
  return (cookie ?? '')
    .split('; ')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=')
      return { name: pair.slice(0, at), value: pair.slice(at + 1), url }
    })
}

async function begin(context: BrowserContext, { url }: World, look: Look): Promise<Visit> {
  const { width, language, theme } = look
  const found: string[] = []
  const expected: RegExp[] = []
  await context.exposeFunction('reportViolation', (what: string) => found.push(`policy: ${what}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { reportViolation } = globalThis as unknown as Record<string, (what: string) => void>
      const { violatedDirective, blockedURI, sample } = event
      reportViolation?.(`${violatedDirective} ${blockedURI} ${sample}`)
    })
  })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      found.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => found.push(String(error)))
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (/^https?:$/.test(asked.protocol) && asked.origin !== url) found.push(`host: ${asked.host}`)
  })
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    // What is under way when a page is left ends so.
    if (reason !== 'net::ERR_ABORTED') found.push(`failed: ${request.url()} ${reason}`)
  })

  return {
    page,
    context,
    async go(path) {
      const answer = await page.goto(url + path)
      expect(`${path} ${answer?.status()}`).toBe(`${path} 200`)
    },
    async check(name) {
      if (PICTURES) {
        const file = `${name}-${width}-${language}-${theme}.png`
        // To hide the caret would leave style attributes behind, which htmx then copies.
        await page.screenshot({ path: join(PICTURES, file), fullPage: true, caret: 'initial' })
      }
      expect(await page.locator('html').getAttribute('lang')).toBe(
        language === 'zh' ? 'zh-CN' : 'en',
      )
      expect(`${name}: ${await overflowOf(page)} px too wide`).toBe(`${name}: 0 px too wide`)
      expect(await barriersOf(page)).toEqual([])
    },
    expects: (what) =>
      expected.push(typeof what === 'number' ? new RegExp(`status of ${what}`) : what),
    complaints: () => found.filter((line) => !expected.some((one) => one.test(line))),
  }
}

interface AxeResult {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What keeps somebody from using the page, as axe sees it. */
async function barriersOf(page: Page): Promise<readonly string[]> {
  // A script that the page loads would be against its policy; what the debugger runs is not.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run(document)')) as {
    readonly violations: readonly AxeResult[]
  }
  // It leaves empty ones behind, and htmx takes them over, which is against the policy.
  await page.evaluate(() => {
    for (const left of document.querySelectorAll('[style=""]')) left.removeAttribute('style')
  })
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join('\n')}`,
  )
}
