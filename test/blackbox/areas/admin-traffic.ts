import { beforeAll, describe, expect, test } from 'bun:test'
import { until } from '../../support/programs'
import { expectRefusal, good, type List } from '../checks'
import type { Json, Target, World } from '../world'
import { CHAT } from './chat'

const TURNS = 6

/** What was asked, as the operator sees it. */
export function adminTrafficSuite(target: Target): void {
  const api = (...parts: Parameters<ReturnType<Target>['admin']['api']>) =>
    target().admin.api(...parts)
  let by: Awaited<ReturnType<World['newKey']>>
  const requests = (more = '') =>
    good<List<Json> & { next: string }>(api(`/requests?key=${by.id}${more}`))
  beforeAll(async () => {
    by = await target().newKey()
    const ask = (model: string, more: object = {}) =>
      by.post(CHAT, { model, messages: [{ role: 'user', content: 'Hi' }], ...more })
    for (let turn = 0; turn < TURNS - 1; turn++)
      await (await ask('talk', { stream: turn % 2 === 1 })).text()
    await (await ask('no-such-model')).text()
    // What is written is written behind the answers.
    await until(async () => (await requests()).data.length >= TURNS || undefined)
  }, 60_000)

  test('every turn is in the log once, the newest first', async () => {
    const { data } = await requests('&limit=100')
    expect(data).toHaveLength(TURNS)
    expect(new Set(data.map(({ id }) => id)).size).toBe(TURNS)
    const times = data.map((one) => Number(one.created_at))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
  })

  test('a turn is told with what it took, and by whom it was served', async () => {
    const [row] = (await requests('&outcome=done&limit=1')).data
    expect(row).toMatchObject({
      ...{ object: 'request', outcome: 'done', status: 200, model: 'talk', kind: 'openai' },
      ...{ endpoint: 'chat.completions', attempts: 1, account: { name: 'openai/chat' } },
      usage: { input_tokens: 9, output_tokens: 2, source: 'reported' },
    })
    const detail = await good<{ data: readonly Json[]; curl: string }>(api(`/requests/${row?.id}`))
    expect(detail.data).toHaveLength(1)
    expect(detail.curl).toContain('curl')
    expect(JSON.stringify(detail)).not.toContain(by.secret)
    expect(JSON.stringify(detail)).not.toContain('sk-chat-account-1')
  })

  test('are found by what they were', async () => {
    expect((await requests('&model=no-such-model')).data).toMatchObject([{ status: 404 }])
    expect((await requests('&outcome=done')).data).toHaveLength(TURNS - 1)
    expect((await requests('&outcome=failed')).data).toHaveLength(1)
    expect((await requests('&endpoint=responses')).data).toEqual([])
  })

  test('come in parts', async () => {
    const first = await requests('&limit=4')
    expect(first.has_more).toBe(true)
    const second = await requests(`&limit=4&after=${encodeURIComponent(first.next)}`)
    const ids = [...first.data, ...second.data].map(({ id }) => id)
    expect(new Set(ids).size).toBe(TURNS)
  })

  test.each([
    ['csv', 'text/csv'],
    ['jsonl', 'application/jsonl'],
  ])('are given out as %s', async (format, type) => {
    const answer = await api(`/requests/export?key=${by.id}&format=${format}`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining(type),
    ])
    const lines = (await answer.text()).trim().split('\n')
    expect(lines).toHaveLength(format === 'csv' ? TURNS + 1 : TURNS)
  })

  test.each(['limit=0', 'outcome=happy', 'status=x'])('are not listed with %s', async (query) => {
    await expectRefusal(api(`/requests?${query}`), { status: 400 })
  })

  test('one that never was is not found', async () => {
    await expectRefusal(api('/requests/req_nothing'), { status: 404 })
  })

  describe('sums', () => {
    test.each(['key', 'account', 'model'])('are told by %s', async (what) => {
      const { data } = await good<List<Json>>(api(`/usage?by=${what}&days=1&limit=200`))
      const id = { key: by.id, model: 'talk' }[what as 'key' | 'model']
      const row = data.find((one) => (id ? one.id === id : one.name === 'openai/chat'))
      expect(Number(row?.requests)).toBeGreaterThanOrEqual(TURNS - 1)
      expect(Number(row?.input_tokens)).toBeGreaterThanOrEqual(9 * (TURNS - 1))
    })

    test('of a key are exact', async () => {
      const { data } = await good<List<Json>>(api('/usage?by=key&days=1&limit=200'))
      expect(data.find(({ id }) => id === by.id)).toMatchObject({
        ...{ requests: TURNS, succeeded: TURNS - 1, failed: 1 },
        ...{ input_tokens: 9 * (TURNS - 1), output_tokens: 2 * (TURNS - 1) },
      })
    })

    test('of today are on the overview', async () => {
      const { today } = await good<{ today: Json }>(api('/overview'))
      expect(Number(today.requests)).toBeGreaterThanOrEqual(TURNS)
    })

    test.each(['by=colour', 'days=0'])('are refused with %s', async (query) => {
      await expectRefusal(api(`/usage?${query}`), { status: 400 })
    })
  })
}
