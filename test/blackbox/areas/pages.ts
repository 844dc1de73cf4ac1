import { describe, expect, test } from 'bun:test'
import { dangersIn } from '../../support/admin-forms'
import { good, type List } from '../checks'
import { type Json, PASSWORD, type Target } from '../world'

const PAGES = [
  ...['/admin', '/admin/accounts', '/admin/accounts/new', '/admin/accounts/import'],
  ...['/admin/accounts/export', '/admin/keys', '/admin/keys/new', '/admin/models'],
  ...['/admin/models/aliases', '/admin/models/aliases/new', '/admin/models/prices'],
  ...['/admin/models/prices/new', '/admin/media', '/admin/media/files', '/admin/playground'],
  ...['/admin/playground/image', '/admin/playground/video', '/admin/settings', '/admin/system'],
  ...['/admin/requests', '/admin/batches', '/admin/access', '/admin/audit'],
]
/** What says that something is broken, wherever it stands. */
const BROKEN = /undefined|\[object Object\]|NaN|internal_error|TypeError/

/** Where a page leads whoever clicks, with what is asked for there. */
const linksIn = (markup: string): string[] =>
  [...markup.matchAll(/(?:href|hx-get)="(\/admin[^"#]*)/g)].map(([, address = '']) =>
    address.replaceAll('&amp;', '&'),
  )

/** The pages of the operator. */
export function pagesSuite(target: Target): void {
  const page = (path: string, headers: Record<string, string> = {}) =>
    target().admin.page(path, { headers })
  const expectWhole = async (answer: Response) => {
    const text = await answer.text()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(text).toContain('</html>')
    expect(text.replace(/<(?:script|code|pre)[\s\S]*?<\/(?:script|code|pre)>/g, '')).not.toMatch(
      BROKEN,
    )
    expect(await dangersIn(text)).toEqual([])
    return text
  }

  test.each(PAGES)('%s is whole', async (path) => {
    await expectWhole(await page(path))
  })

  test.each(['/admin', '/admin/accounts', '/admin/keys', '/admin/settings', '/admin/requests'])(
    '%s is there in Chinese',
    async (path) => {
      expect(await expectWhole(await page(path, { 'accept-language': 'zh-CN' }))).toMatch(
        /\p{Script=Han}{2}/u,
      )
    },
  )

  test('of single things are whole', async () => {
    const { admin, id } = target()
    const { data } = await good<List<Json>>(admin.api('/accounts?limit=1'))
    const rows = await good<List<Json>>(admin.api('/requests?limit=1'))
    for (const path of [
      ...[
        `/admin/accounts/${data[0]?.id}`,
        `/admin/keys/${id}`,
        `/admin/requests/${rows.data[0]?.id}`,
      ],
    ])
      await expectWhole(await page(path))
  })

  test('every address that a page leads to is there', async () => {
    const found = new Set<string>()
    for (const path of PAGES)
      for (const address of linksIn(await (await page(path)).text())) found.add(address)
    const seen: string[] = []
    for (const address of found) {
      if (/logout|export|backup|events|live|content|assets/.test(address)) continue
      const answer = await page(address)
      await answer.body?.cancel()
      if (![200, 303].includes(answer.status)) seen.push(`${answer.status} ${address}`)
    }
    expect(found.size).toBeGreaterThan(30)
    expect(seen).toEqual([])
  }, 60_000)

  test('have their files with them', async () => {
    const text = await (await fetch(`${target().url}/admin/login`)).text()
    const files = [...text.matchAll(/(?:src|href)="(\/admin\/assets\/[^"]+)"/g)]
    expect(files.length).toBeGreaterThan(2)
    for (const [, file = ''] of files) {
      const answer = await fetch(target().url + file)
      expect([file, answer.status, (await answer.bytes()).length > 100]).toEqual([file, 200, true])
      expect(answer.headers.get('cache-control')).toContain('immutable')
    }
  })

  test('that are not there are said not to be, as a page', async () => {
    const answer = await page('/admin/nothing', { accept: 'text/html' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'text/html; charset=utf-8',
    ])
  })

  describe('a form', () => {
    test('makes a key, and shows it once', async () => {
      const name = `form ${crypto.randomUUID().slice(0, 8)}`
      const answer = await target().admin.send('/admin/keys', { name })
      const secret = /sk-groxy-[\w-]{20,}/.exec(await answer.text())?.[0] ?? ''
      expect([answer.status, secret]).toEqual([200, expect.stringMatching(/^sk-groxy-/)])
      const { stranger, honoured } = target()
      await honoured(
        async () => (await stranger('GET', '/v1/models', undefined, secret)).status === 200,
      )
      const { data } = await good<List<Json>>(
        target().admin.api(`/keys?search=${encodeURIComponent(name)}`),
      )
      expect(data).toMatchObject([{ name }])
      const list = await (await page('/admin/keys')).text()
      expect(list).not.toContain(secret)
    })

    test('of a log-in that is wrong says so, and keeps the password to itself', async () => {
      const answer = await fetch(`${target().url}/admin/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ password: `${PASSWORD}, wrongly` }),
      })
      expect(answer.status).toBe(401)
      expect(await answer.text()).not.toContain(PASSWORD)
    })

    test('that brings what would run is shown as text', async () => {
      const name = `<script>alert(1)</script>${crypto.randomUUID().slice(0, 4)}`
      await target().admin.send('/admin/keys', { name })
      const text = await expectWhole(await page('/admin/keys?search=script'))
      expect(text).toContain('&lt;script&gt;')
    })
  })

  test('the playground asks as a client does', async () => {
    const answer = await target().admin.page('/admin/playground/v1/models')
    expect((await good<List>(answer)).data.map(({ id }) => id)).toContain('talk')
  })
}
