import { describe, expect, test } from 'bun:test'
import { browserHeaders } from '../support/grok-web-client'
import { fakeGrokWeb, type Round } from './grok-web'

describe('the imagine socket', () => {
  const reset = { type: 'reset' }
  const prompt = (extra: object = {}) => ({
    ...{ requestId: 'r-1', text: 'a cat', type: 'input_text' },
    properties: {
      ...{ section_count: 0, is_kids_mode: false, enable_nsfw: false, skip_upsampler: false },
      ...{ enable_side_by_side: true, is_initial: false, aspect_ratio: '2:3', enable_pro: false },
      ...extra,
    },
  })

  /** Ask for a round and hear until `isOver`, or until the socket closes. */
  async function round(
    grok: ReturnType<typeof fakeGrokWeb>,
    content: object,
    isOver: (messages: { current_status?: string; type: string }[]) => boolean,
  ) {
    const headers = browserHeaders(grok.account('one').cookie)
    const url = `${grok.url.replace('http', 'ws')}/ws/imagine/listen`
    const socket = new WebSocket(url, { headers } as never)
    const heard: ReturnType<typeof JSON.parse>[] = []
    const { promise, resolve } = Promise.withResolvers<string>()
    socket.onclose = ({ code }) => resolve(`closed ${code}`)
    socket.onmessage = ({ data }) => {
      heard.push(JSON.parse(String(data)))
      if (isOver(heard)) resolve('over')
    }
    socket.onopen = () => {
      for (const part of [reset, content]) {
        const item = { type: 'message', content: [part] }
        socket.send(
          JSON.stringify({ type: 'conversation.item.create', timestamp: Date.now(), item }),
        )
      }
    }
    const end = await promise
    socket.close()
    return { heard, end }
  }

  const completed =
    (count: number) =>
    (messages: { current_status?: string }[]): boolean =>
      messages.filter((message) => message.current_status === 'completed').length === count
  const failed = (messages: { type: string }[]) => messages.at(-1)?.type === 'error'

  test('draws as many as asked, and shows each from start to end', async () => {
    await using grok = fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] })
    for (const [extra, count] of [
      [{}, 6],
      [{ enable_pro: true }, 4],
      [{ num_generations: 2 }, 2],
    ] as const)
      expect((await round(grok, prompt(extra), completed(count))).end).toBe('over')
    grok.queueImagine({ count: 1, closes: true, size: 1000 })
    const { heard, end } = await round(grok, { ...prompt(), type: 'input_scroll' }, () => false)
    expect(end).toBe('closed 1000')
    const [start, half, whole, done] = heard
    expect(start).toMatchObject({
      ...{ type: 'json', current_status: 'start_stage', order: 0, request_id: 'r-1' },
      ...{ width: 784, height: 1168, job_id: start.image_id },
    })
    expect([half.percentage_complete, whole.percentage_complete]).toEqual([50, 100])
    expect(atob(whole.blob).length).toBeGreaterThan(1000)
    const served = await fetch(whole.url)
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    expect(done).toEqual({
      ...{ type: 'json', current_status: 'completed', image_id: start.image_id, order: 0 },
      ...{ moderated: false, r_rated: false },
    })
    expect(grok.complaints()).toEqual([])
    expect(grok.callsOf({ endpoint: 'imagine' })[0]?.messages).toHaveLength(2)
    expect(grok.quota('one', 'imagine/image').remaining).toBe(200 - 13)
  })

  const faults: Record<string, [round: Round, count: number, end: string]> = {
    moderated: [{ count: 2, moderated: [0], closes: true }, 1, 'closed 1000'],
    'cut off': [{ cutAfter: 1 }, 1, 'closed 1006'],
    'failing later': [{ error: { code: 'oops', message: 'Oh', after: 1 } }, 1, 'over'],
    'failing at once': [{ error: { code: 'oops', message: 'Oh' } }, 0, 'over'],
  }
  for (const [name, [scripted, count, wanted]] of Object.entries(faults))
    test(`may be ${name}`, async () => {
      await using grok = fakeGrokWeb()
      grok.scriptImagine(({ text }) => (text === 'a cat' ? scripted : {}))
      const { heard, end } = await round(grok, prompt(), failed)
      expect(end).toBe(wanted)
      const whole = heard.filter(({ percentage_complete }) => percentage_complete === 100)
      expect(whole).toHaveLength(count)
    })

  test('may stall, and knows who leaves in the middle', async () => {
    await using grok = fakeGrokWeb()
    grok.queueImagine({ stallAfter: 1 }, { gapMs: 50 })
    await round(grok, prompt(), completed(1))
    await round(grok, prompt(), completed(1))
    expect((await grok.left({ account: 'one' })).messages).toHaveLength(2)
  })

  test('counts, and refuses what is wrong', async () => {
    await using grok = fakeGrokWeb({ accounts: [{ name: 'one', quota: { 'imagine/image': 2 } }] })
    const { heard } = await round(grok, prompt(), failed)
    expect(heard.at(-1)).toEqual({
      ...{ type: 'error', err_code: 'rate_limit_exceeded' },
      err_msg: 'Image rate limit exceeded',
    })
    expect(completed(2)(heard)).toBe(true)
    await round(grok, prompt({ aspect_ratio: '5:1' }), failed)
    expect(grok.complaints().join()).toContain('aspect_ratio must be one of')
    const account = grok.account('one')
    for (const [state, status] of [
      ['limited', 429],
      ['expired', 401],
      ['challenged', 403],
    ] as const) {
      account.state = state
      const { end } = await round(grok, prompt(), failed)
      expect([end.startsWith('closed'), grok.calls.at(-1)?.status]).toEqual([true, status])
    }
    account.state = 'limited_in_band'
    expect((await round(grok, prompt(), failed)).heard).toHaveLength(1)
  })

  test('shows a preview before each picture, or all of them first', async () => {
    await using grok = fakeGrokWeb()
    grok.queueImagine(
      { count: 4 },
      { count: 4, isSideBySide: true },
      { count: 1, hasNoBlobs: true },
    )
    const percents = (messages: { percentage_complete?: number }[]) =>
      messages.flatMap(({ percentage_complete: percent }) => percent ?? [])
    const turns = await round(grok, prompt(), completed(4))
    expect(percents(turns.heard)).toEqual([50, 100, 50, 100, 50, 100, 50, 100])
    const blobs = turns.heard.flatMap(({ blob }) => blob ?? [])
    expect(new Set(blobs).size).toBe(8)
    const beside = await round(grok, prompt({ aspect_ratio: '16:9' }), completed(4))
    expect(percents(beside.heard)).toEqual([50, 50, 50, 50, 100, 100, 100, 100])
    expect(beside.heard[0]).toMatchObject({ width: 1168, height: 672 })
    const bare = await round(grok, prompt(), completed(1))
    expect(bare.heard.filter(({ blob }) => blob !== undefined)).toEqual([])
  })

  const endings: [scripted: Round, end: string, shown: number[]][] = [
    [{ closeAfter: 1 }, 'closed 1000', [50, 100]],
    [{ closeAfter: 1, isWithin: true }, 'closed 1000', [50, 100, 50]],
    [{ cutAfter: 0, isWithin: true }, 'closed 1006', [50]],
  ]
  for (const [scripted, end, shown] of endings)
    test(`may end in the middle: ${JSON.stringify(scripted)}`, async () => {
      await using grok = fakeGrokWeb()
      grok.queueImagine(scripted)
      const heard = await round(grok, prompt(), () => false)
      expect(heard.end).toBe(end)
      const percents = heard.heard.flatMap(({ percentage_complete: percent }) => percent ?? [])
      expect(percents).toEqual(shown)
    })

  test('draws what it is given', async () => {
    await using grok = fakeGrokWeb()
    const page = new TextEncoder().encode('<html>')
    grok.queueImagine({ count: 1, bytes: page })
    const { heard } = await round(grok, prompt(), completed(1))
    const { blob, url } = heard.find(({ percentage_complete }) => percentage_complete === 100)
    expect([atob(blob), await (await fetch(url)).text()]).toEqual(['<html>', '<html>'])
  })
})
