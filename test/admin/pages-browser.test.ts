import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { adminBrowser, BROWSER_TEST_MS, LOOKS } from '../support/admin-browser'
import { answerOf, callsOf } from '../support/admin-walk'
import { hasBrowser } from '../support/browser'
import { livedIn } from '../support/lived-in'

/** Pages of something that their address names behind a question mark. */
const NAMED: Readonly<Record<string, string>> = {
  '/admin/models/aliases/edit': '?name=best',
  '/admin/models/prices/edit': '?model=qwen3-32b',
}

/** What follows is no page: it is data, or never ends. */
const DATA = /^\/admin\/api\/|\/(?:events|live)$/

/** One page of each route, where its answer is a whole document; new routes are found by themselves. */
async function pagesOf(it: Awaited<ReturnType<typeof livedIn>>): Promise<string[]> {
  const found = new Map<string, string>()
  for (const call of await callsOf(it)) {
    if (call.method !== 'GET' || DATA.test(call.path) || found.has(call.route)) continue
    const path = call.path + (NAMED[call.path] ?? '')
    const { status, body } = await answerOf(it, { ...call, path })
    if (status === 200 && body.startsWith('<!doctype html>')) found.set(call.route, path)
  }
  return [...found.values()]
}

describe.skipIf(!(await hasBrowser()))('every page of the admin page in a browser', () => {
  const visit = adminBrowser()
  let it: Awaited<ReturnType<typeof livedIn>>
  let pages: readonly string[]
  beforeAll(async () => {
    it = await livedIn()
    const some = [`/admin/requests/${it.failed}`, `/admin/accounts/${it.account('dana')}`]
    pages = [...(await pagesOf(it)), ...some]
  }, BROWSER_TEST_MS)
  afterAll(() => it?.[Symbol.asyncDispose]())

  test.each(LOOKS.flatMap((look) => [0, 1].map((part) => ({ ...look, part }))))(
    'is accessible, fits, and breaks no rule, $width px, $language, $theme, every second from $part on',
    async (look) => {
      expect(pages.length).toBeGreaterThan(25)
      await visit(it, look, async ({ go, check }) => {
        const wrong: string[] = []
        for (const path of pages.filter((_, at) => at % 2 === look.part)) {
          await go(path)
          const name = path.replaceAll(/[^a-z0-9]+/gi, '-').slice(1, 60)
          await check(name).catch((cause) => wrong.push(`${path}: ${cause.message}`))
        }
        expect(wrong).toEqual([])
      })
    },
    BROWSER_TEST_MS,
  )
})
