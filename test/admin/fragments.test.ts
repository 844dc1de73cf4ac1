import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { markupAnswer, notice } from '#src/admin/answers'
import { assetRoutes } from '#src/admin/assets'
import { createAdminHandlers } from '#src/admin/handlers'
import { html } from '#src/admin/html'
import { bareShell, shell } from '#src/admin/shell'
import { createSites } from '#src/admin/sites'
import { createViews } from '#src/admin/view'
import { field } from '#src/admin/widgets/field'
import { ApiError } from '#src/errors'
import { adminBrowser, BROWSER_TEST_MS, type Visit } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'

const LOOK = { width: 1280, language: 'en', theme: 'light' } as const

describe.skipIf(!(await hasBrowser()))('what htmx makes of answers', () => {
  const visit = adminBrowser()

  const onPage = async (act: (visit: Visit, it: ReturnType<typeof serve>) => Promise<void>) => {
    await using it = serve()
    await visit(it, LOOK, async (one) => {
      await one.go('/admin/things')
      await act(one, it)
    })
  }

  test.each(['innerHTML', 'outerHTML', 'delete', 'outerMorph', 'full'])(
    'a failure is a notice, and nothing of the page is lost, whatever was to be swapped: %s',
    (swap) =>
      onPage(async ({ page, expects }) => {
        expects(409)
        await page.getByRole('textbox', { name: 'Kept' }).fill('what I typed')
        await page.getByRole('button', { name: `fail ${swap}`, exact: true }).click()
        await page.locator('#notice').getByText('Somebody else was faster.').waitFor()
        expect(await page.locator('#place').textContent()).toBe('as it was')
        expect(await page.getByRole('textbox', { name: 'Kept' }).inputValue()).toBe('what I typed')
        expect(await page.title()).toBe('Things · Groxy')
      }),
    BROWSER_TEST_MS,
  )

  test(
    'a form that is refused comes back with what was typed, at what is wrong with it',
    () =>
      onPage(async ({ page, expects }) => {
        expects(422)
        await page.getByRole('textbox', { name: 'Name' }).fill('taken')
        await page.getByRole('button', { name: 'Save' }).click()
        const name = page.getByRole('textbox', { name: 'Name' })
        await page.getByText('That name is taken.').waitFor()
        expect(await name.inputValue()).toBe('taken')
        await page.waitForFunction(() => document.activeElement?.id === 'field-name')
        await name.fill('free')
        await name.press('Enter')
        await page.locator('#notice').getByText('Saved.').waitFor()
        expect(await page.locator('#form').textContent()).toContain('free it is')
      }),
    BROWSER_TEST_MS,
  )

  test(
    'the keyboard goes on at what took the place of what was pressed',
    () =>
      onPage(async ({ page }) => {
        await page.getByRole('button', { name: 'Replace me' }).press('Enter')
        await page.getByText('replaced').waitFor()
        await page.waitForFunction(() => document.activeElement?.textContent === 'replaced')
      }),
    BROWSER_TEST_MS,
  )

  test(
    'what is pressed twice is sent once, and the page shows that it waits',
    () =>
      onPage(async ({ page }, it) => {
        const slow = page.getByRole('button', { name: 'Slow' })
        await slow.dblclick()
        expect(await slow.getAttribute('aria-busy')).toBe('true')
        expect(
          await page.evaluate(() => getComputedStyle(document.body, '::before').animationName),
        ).toBe('loading')
        it.release()
        await page.locator('#notice').getByText('Done.').waitFor()
        await page.waitForFunction(() => !document.querySelector('[aria-busy]'))
        expect(it.asked('/admin/things/slow')).toBe(1)
      }),
    BROWSER_TEST_MS,
  )

  test.each(['fail innerHTML', 'fail full', 'Look again'])(
    'a session that has ended leads to the log-in, and from there back to the page: %s',
    (name) =>
      onPage(async ({ page }, it) => {
        await page.evaluate(() => history.replaceState(null, '', '/admin/things?page=2'))
        it.end()
        await page.getByRole('button', { name, exact: true }).click()
        await page.waitForURL('**/admin/login?next=%2Fadmin%2Fthings%3Fpage%3D2')
        await page.getByRole('heading', { name: 'the log-in' }).waitFor()
      }),
    BROWSER_TEST_MS,
  )

  test(
    'a gateway that does not answer is a notice too',
    () =>
      onPage(async ({ page, expects }, it) => {
        // The browser says so, and htmx.
        expects(/Failed to fetch|ERR_/)
        await it.stop()
        await page.getByRole('button', { name: 'fail innerHTML' }).click()
        await page.locator('#notice').getByText('Groxy does not answer.').waitFor()
        expect(await page.locator('#place').textContent()).toBe('as it was')
      }),
    BROWSER_TEST_MS,
  )
})

/** A page with the handlers of all pages, whose session can be ended. */
function serve() {
  let isIn = true
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const asked: string[] = []
  const operator = { by: 'session', id: 's', name: 'session s', address: undefined } as const
  const originOf = (request: Request) => new URL(request.url).origin
  const viewOf = createViews({
    originOf,
    now: Date.now,
    zoneMinutes: () => 0,
  })
  const { page } = createAdminHandlers({
    guard: {
      session: async () => (isIn ? { operator, cookies: [] } : undefined),
      token: async () => undefined,
      isLetIn: async () => true,
    },
    sites: createSites({ originOf, askedOf: originOf }),
    viewOf,
    onFailure: () => {},
  })
  const fails = () => {
    throw new ApiError('revision_conflict', 'Somebody else was faster.')
  }
  const form = (name = '', problem?: string) => html`
    <form id="form" hx-post="/admin/things/save" hx-swap="outerHTML">
      ${field({ label: 'Name', name: 'name', value: name, problem })}
      <button>Save</button>
    </form>`
  const main = html`
    <div id="place">as it was</div>
    ${['innerHTML', 'outerHTML', 'delete', 'outerMorph'].map(
      (swap) =>
        html`<button hx-post="/admin/things/fail" hx-target="#place" hx-swap="${swap}">fail ${swap}</button>`,
    )}
    <button hx-post="/admin/things/fail" hx-target="#place" hx-select="#place">fail full</button>
    <button hx-get="/admin/things/rows" hx-target="#place">Look again</button>
    <button hx-post="/admin/things/replace" hx-swap="outerHTML">Replace me</button>
    <button hx-post="/admin/things/slow">Slow</button>
    ${field({ label: 'Kept', name: 'kept' })}
    ${form()}`
  const routes = new Elysia()
    .use(assetRoutes())
    .get('/admin/login', ({ request }) =>
      markupAnswer(bareShell(viewOf(request), { title: 'the log-in', main: html`` })),
    )
    .get(
      '/admin/things',
      page((view) => shell(view, { title: 'Things', main })),
    )
    .get(
      '/admin/things/rows',
      page(() => html`rows`),
    )
    .post('/admin/things/fail', page(fails), { parse: 'none' })
    .post(
      '/admin/things/replace',
      page(() => html`<p>replaced</p>`),
      { parse: 'none' },
    )
    .post(
      '/admin/things/slow',
      page(async () => {
        await released
        return notice('Done.')
      }),
      { parse: 'none' },
    )
    .post(
      '/admin/things/save',
      page(async (_, request) => {
        const name = new URLSearchParams(await request.text()).get('name') ?? ''
        return name === 'taken'
          ? markupAnswer(form(name, 'That name is taken.'), 422)
          : html`<div id="form">${name} it is</div>${notice('Saved.')}`
      }),
      { parse: 'none' },
    )
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      asked.push(new URL(request.url).pathname)
      return routes.fetch(request)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    end() {
      isIn = false
    },
    release: () => release(),
    asked: (path: string) => asked.filter((one) => one === path).length,
    stop: () => server.stop(true),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
