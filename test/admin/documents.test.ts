import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { adminWorld } from '../support/admin'

const DOCS = join(import.meta.dir, '../../docs')

/** What the second column of the table names: `GET keys`, `POST accounts/{id}/test`. */
const CALLS = /`(?:GET|POST|PATCH|DELETE)(?:\/[A-Z]+)* [^`]+`/g

test('the table of what other gateways have names only calls that there are', async () => {
  await using it = await adminWorld()
  const { paths } = (await (await it.get('/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const hidden = (await it.app.routes()).map(({ method, path }) => `${method} ${path}`)
  const text = await Bun.file(join(DOCS, 'admin.md')).text()
  const rows =
    text
      .split('## For those')[1]
      ?.split('\n')
      .filter((line) => line.startsWith('| ')) ?? []
  const named = rows.flatMap((row) => row.split(' | ')[1]?.match(CALLS) ?? [])
  expect(named.length).toBeGreaterThan(40)
  const missing = named.filter((call) => {
    const [method = '', path = ''] = call.replaceAll('`', '').split(' ')
    const whole = path.startsWith('/') ? path : `/admin/api/${path}`
    const bare = whole.split('?')[0] ?? ''
    const known = paths[bare]?.[method.toLowerCase()]
    return !known && !hidden.includes(`${method} ${bare}`)
  })
  expect(missing).toEqual([])
})

test('every picture that a document shows is there, and is not large', async () => {
  for (const name of ['../README.md', '../README.zh-CN.md', 'admin.md']) {
    const file = join(DOCS, name)
    const shown = [...(await Bun.file(file).text()).matchAll(/!\[[^\]]+\]\(([^)]+\.png)\)/g)]
    expect(shown.length).toBeGreaterThan(3)
    for (const [, path = ''] of shown) {
      const picture = Bun.file(join(file, '..', path))
      expect([path, await picture.exists()]).toEqual([path, true])
      expect([path, picture.size < 150_000]).toEqual([path, true])
    }
  }
})
