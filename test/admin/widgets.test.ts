import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { markupAnswer, notice } from '#src/admin/answers'
import { assetRoutes } from '#src/admin/assets'
import { html } from '#src/admin/html'
import { shell } from '#src/admin/shell'
import type { View } from '#src/admin/view'
import { badge } from '#src/admin/widgets/badge'
import { bar } from '#src/admin/widgets/bar'
import { button } from '#src/admin/widgets/button'
import { copyable } from '#src/admin/widgets/copy'
import { definitions } from '#src/admin/widgets/definitions'
import { empty } from '#src/admin/widgets/empty'
import { check, choice, field, textArea } from '#src/admin/widgets/field'
import { card, fold } from '#src/admin/widgets/fold'
import { message } from '#src/admin/widgets/message'
import { bytes, count, duration, money, percent } from '#src/admin/widgets/numbers'
import { pager } from '#src/admin/widgets/pager'
import { stats } from '#src/admin/widgets/stat'
import { cell, rowName, table } from '#src/admin/widgets/table'
import { tabs } from '#src/admin/widgets/tabs'
import { ago, moment } from '#src/admin/widgets/time'
import { filters, row } from '#src/admin/widgets/toolbar'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { hasBrowser } from '../support/browser'
import { viewFor } from '../support/widget-page'

const HOSTILE = `"><script>alert('x')</script>`

/** Everything that pages are made of, with something hostile wherever a text goes. */
const everything = (view: View) => html`
  ${tabs('Views', [
    { href: '/admin/accounts', text: 'List', isCurrent: true },
    { href: '/admin/accounts/new', text: 'Add', isCurrent: false },
  ])}
  ${stats([
    { label: 'Requests', value: count(view, 1_234_567), note: 'in 24 h' },
    { label: 'Success', value: percent(view, 0.973), tone: 'good' },
    { label: 'Cost', value: money(view, 12_345_678_901), note: HOSTILE },
    { label: 'Latency', value: duration(view, 1_234), tone: 'warn' },
  ])}
  ${message('warn', html`Two accounts rest. <a href="/admin/accounts">See them</a>`)}
  ${filters(view, {
    action: '/admin/accounts',
    fields: [
      field({ label: 'Search', name: 'q', type: 'search', value: HOSTILE }),
      choice({
        label: 'Kind',
        name: 'kind',
        value: 'xai',
        options: [
          ['', 'All'],
          ['xai', 'xAI'],
        ],
      }),
    ],
    more: html`<a class="button" href="/admin/accounts/new">Add an account</a>`,
  })}
  ${table({
    caption: 'Accounts',
    columns: ['Name', 'State', 'Requests', 'Quota', 'Seen', ''],
    rows: [
      'main',
      'a-rather-long-name-of-an-account-that-has-to-break-somewhere-on-a-phone',
      HOSTILE,
    ].map(
      (name, at) => html`
        <tr>
          ${rowName('Name', html`<a href="/admin/accounts/1">${name}</a>`)}
          ${cell('State', badge(at ? 'resting' : 'ready', at ? 'warn' : 'good'))}
          ${cell('Requests', count(view, 12_345), 'number')}
          ${cell('Quota', bar({ label: 'Quota', share: 0.4 + at / 4, text: '8 of 20', tone: at > 1 ? 'bad' : undefined }))}
          ${cell('Seen', ago(view, view.now - 185_000))}
          ${cell('', row(button({ text: 'Test', tone: 'plain', isSmall: true }), button({ text: 'Delete', tone: 'danger', isSmall: true })))}
        </tr>`,
    ),
    empty: empty('No accounts', 'Add one.'),
  })}
  ${pager(view, { previous: '/admin/accounts', next: '/admin/accounts?page=3', shown: '51–100 of 20,000' })}
  <div class="columns">
    ${card(
      'Change',
      html`
      <form>
        ${field({ label: 'Name', name: 'name', value: HOSTILE, problem: 'That name is taken.', hint: 'Any text.' })}
        ${field({ label: 'Weight', name: 'weight', type: 'number', value: 1, attributes: html`min="1"` })}
        ${textArea({ label: 'Note', name: 'note', value: HOSTILE, hint: 'Only for you.' })}
        ${textArea({ label: 'Headers', name: 'headers', value: 'x: y', isCode: true, rows: 3 })}
        ${check({ label: 'Enabled', name: 'enabled', checked: true, isSwitch: true, hint: 'Takes turns.' })}
        ${check({ label: 'Test it at once', name: 'test', checked: false, problem: 'Not possible.' })}
        ${row(button({ text: 'Save' }), button({ text: 'Cancel', tone: 'plain', type: 'button' }))}
      </form>`,
    )}
    ${card(
      'About it',
      html`
      ${definitions([
        ['Made', moment(view, view.now)],
        ['Size', bytes(view, 12_300_000)],
        ['Nothing', undefined],
        ['Tags', [badge('a', 'quiet'), ' ', badge('b', 'bad')]],
      ])}
      ${copyable(view, { id: 'snippet', what: 'curl', text: `curl ${view.origin}/v1/chat/completions -H "Authorization: Bearer sk-groxy-0123456789"` })}`,
    )}
  </div>
  ${fold({ summary: 'More', content: html`<p>Told on demand.</p>`, isOpen: true, id: 'more' })}
  ${table({ caption: 'None', columns: ['Name'], rows: [], empty: empty('No keys yet', 'Make the first one above.') })}
  ${bar({ label: 'Waiting', text: 'Waiting' })}`

test.each(['en', 'zh'] as const)('what pages are made of escapes every text, in %s', (language) => {
  const { markup } = everything(viewFor(language))
  expect(markup).not.toContain('<script')
  expect(markup.match(/&lt;script&gt;/g)?.length).toBe(5)
  expect(markup).not.toMatch(/ style=|undefined|\[object/)
})

test('controls are tied to their labels, their hints and what is wrong with them', () => {
  const { markup } = field({ label: 'Name', name: 'name', problem: 'Taken.', hint: 'Any.' })
  expect(markup).toContain('<label for="field-name">')
  expect(markup).toContain('aria-describedby="field-name-hint field-name-problem"')
  expect(markup).toContain('aria-invalid="true"')
  expect(textArea({ label: 'A', name: 'a', value: '\nb' }).markup).toContain('>\n\nb</textarea>')
  expect(choice({ label: 'A', name: 'a', id: 'x', value: '', options: [] }).markup).toContain(
    'id="x"',
  )
})

test.each([
  ['en', -185_000, '3 min. ago'],
  ['en', 7_200_000, 'in 2 hr.'],
  ['en', 0, 'just now'],
  ['en', -999, 'just now'],
  ['zh', 999, '刚刚'],
  ['zh', -86_400_000 * 3, '3天前'],
] as const)('how long ago something was is said in %s', (language, distance, said) => {
  const view = viewFor(language)
  expect(ago(view, view.now + distance).markup).toContain(`>${said}</time>`)
})

test('a point in time is that of the zone of the operator', () => {
  expect(moment(viewFor('en'), Date.UTC(2026, 0, 1, 20)).markup).toBe(
    '<time datetime="2026-01-01T20:00:00.000Z">2026-01-02 04:00:00</time>',
  )
})

test('numbers are written as the language does', () => {
  const [en, zh] = [viewFor('en'), viewFor('zh')]
  expect([count(en, 12_345), count(en, 2_500_000), count(zh, 2_500_000)]).toEqual([
    '12,345',
    '2.5M',
    '250万',
  ])
  expect([duration(en, 85), duration(en, 3_200), duration(en, 240_000)]).toEqual([
    '85 ms',
    '3.2 sec',
    '4 min',
  ])
  expect([bytes(en, 12), bytes(en, 12_300_000)]).toEqual(['12 byte', '12.3 MB'])
  expect([money(en, 0), money(en, 12_345_678), money(zh, 5e10)]).toEqual([
    '$0.00',
    '$0.0012',
    'US$5.00',
  ])
})

describe.skipIf(!(await hasBrowser()))('in a browser', () => {
  const visit = adminBrowser()

  test.each(LOOKS)(
    'what pages are made of fits, and can be used by everybody, $width px, $language, $theme',
    async (look) => {
      await using it = serve(look.language)
      await visit(it, look, async ({ page, go, check }) => {
        await go('/admin/accounts')
        await check('widgets')
        const links = page.getByRole('navigation').getByRole('link', { name: /Accounts|账号/ })
        if (look.width < 600) {
          expect(await links.first().isVisible()).toBe(false)
          await page.getByRole('button', { name: /Menu|菜单/ }).click()
          await check('menu')
        }
        expect(await links.first().getAttribute('aria-current')).toBe('page')
        expect(await page.locator('caption').first().isVisible()).toBe(true)
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'without scripts the navigation is there, and so is a button for language and theme',
    async () => {
      await using it = serve('en')
      const [look] = LOOKS
      if (!look) throw new Error('there is no look')
      await visit(
        it,
        look,
        async ({ page, go }) => {
          await go('/admin/accounts')
          expect(await page.getByRole('link', { name: 'Settings' }).isVisible()).toBe(true)
          expect(await page.getByRole('button', { name: 'Apply' }).isVisible()).toBe(true)
          await page.setViewportSize({ width: 360, height: 700 })
          await page.getByRole('button', { name: 'Menu' }).click()
          expect(await page.getByRole('link', { name: 'Settings' }).isVisible()).toBe(true)
        },
        { javaScriptEnabled: false },
      )
    },
    BROWSER_TEST_MS,
  )

  test(
    'what stands one below the other has all of the width',
    async () => {
      await using it = serve('en')
      const [look] = LOOKS
      if (!look) throw new Error('there is no look')
      await visit(it, look, async ({ page, go }) => {
        await go('/admin/accounts')
        const [outer, inner] = await page.evaluate(() => {
          const stack = document.createElement('div')
          const card = document.createElement('section')
          stack.className = 'stack'
          card.className = 'card'
          stack.append(card)
          document.querySelector('#main')?.append(stack)
          return [stack.offsetWidth, card.offsetWidth]
        })
        expect(inner).toBe(outer)
      })
    },
    BROWSER_TEST_MS,
  )

  test(
    'a text is copied, and the button says so',
    async () => {
      await using it = serve('en')
      const [look] = LOOKS
      if (!look) throw new Error('there is no look')
      await visit(it, look, async ({ page, context, go }) => {
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])
        await go('/admin/accounts')
        const button = page.getByRole('button', { name: 'Copy curl', exact: true })
        await button.click()
        const told = page.getByRole('button', { name: 'Copied', exact: true })
        await told.waitFor()
        expect(await page.evaluate(() => navigator.clipboard.readText())).toStartWith('curl http')
        // Pressed once more meanwhile, it still becomes what it was.
        await told.click()
        await button.waitFor()
      })
    },
    BROWSER_TEST_MS,
  )
})

/** A page of widgets behind the headers of all pages. */
function serve(language: View['language']) {
  const view = viewFor(language)
  const main = html`${everything(view)}${notice('Saved.')}`
  const app = new Elysia()
    .use(assetRoutes())
    .get('/admin/accounts', () => markupAnswer(shell(view, { title: 'Accounts', main })))
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
