import { type Browser, chromium, type Page } from 'playwright-core'

/** Where the browser is. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** What it is started with. */
export const LAUNCH_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Whether there is a browser to test with. Where CI is set there has to be one. */
export async function hasBrowser(): Promise<boolean> {
  if (await Bun.file(CHROMIUM).exists()) return true
  const problem = `There is no Chromium at ${CHROMIUM}; set CHROMIUM to where it is.`
  if (process.env.CI) throw new Error(problem)
  console.warn(`The browser tests are skipped. ${problem}`)
  return false
}

/** A real browser without a window, closed at the end of the scope. */
export async function openBrowser() {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: LAUNCH_ARGS,
  })
  return {
    /** A page of its own, with everything it complained about and asked the network for. */
    async open(width: number, height = 800) {
      const context = await browser.newContext({ viewport: { width, height } })
      const page = await context.newPage()
      return { page, ...watch(page) }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/** A browser reports what a content security policy forbids as a console error. */
function watch(page: Page) {
  const complaints: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol !== 'data:') hosts.add(hostname)
  })
  return { complaints, hosts }
}

/** How many pixels of the page stick out to the right. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
