import { expect, test } from 'bun:test'
import { chunk, fakeUpstream, hello, sse } from '../fakes/upstream'
import { ASK, gateway, xaiAt } from '../support/gateway'
import { parseMetrics } from '../support/prometheus'

const TURNS = 3_000
const PARALLEL = 32
const DOLLAR = 10_000_000_000

test('the sums equal what the upstream counted, with the database away in the middle', async () => {
  const counted = { turns: 0, input: 0, output: 0, ticks: 0 }
  await using upstream = fakeUpstream(({ path, body }) => {
    if (path === '/v1/models') return
    const turn = counted.turns++
    const usage = {
      prompt_tokens: (turn % 97) + 1,
      completion_tokens: (turn % 31) + 1,
      total_tokens: (turn % 97) + (turn % 31) + 2,
      cost_in_usd_ticks: (turn % 13) * 1_000_003,
    }
    counted.input += usage.prompt_tokens
    counted.output += usage.completion_tokens
    counted.ticks += usage.cost_in_usd_ticks
    if (!JSON.parse(body).stream) return Response.json(hello({ usage }))
    return sse([
      JSON.stringify(chunk({ role: 'assistant', content: 'Hi' }, 'stop')),
      JSON.stringify({ ...chunk({}), choices: [], usage }),
      '[DONE]',
    ])
  })
  await using it = await gateway({ env: xaiAt(upstream.url) })
  let next = 0
  const worker = async () => {
    while (next < TURNS) {
      const turn = next++
      if (turn === 1_000) await it.client.execute('ALTER TABLE ledger_hours RENAME TO hidden')
      if (turn === 2_500) await it.client.execute('ALTER TABLE hidden RENAME TO ledger_hours')
      const reply = await it.post('/v1/chat/completions', { ...ASK, stream: turn % 2 === 0 })
      expect(reply.status).toBe(200)
      await reply.text()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  while (parseMetrics(await metricsOf(it.url)).value('groxy_ledger_waiting') !== 0) {
    await it.app.flush()
    await Bun.sleep(10)
  }
  expect(it.lines.join('\n')).toContain('ledger_waits')
  const sums = await it.stores.ledger.hours()
  const total = (name: 'turns' | 'inputTokens' | 'outputTokens' | 'costTicks') =>
    sums.reduce((sum, each) => sum + each[name], 0)
  expect({
    turns: total('turns'),
    input: total('inputTokens'),
    output: total('outputTokens'),
    ticks: total('costTicks'),
  }).toEqual(counted)
  expect(counted.turns).toBe(TURNS)
  const { rows } = await it.client.execute(
    'SELECT count(*), count(DISTINCT request_id), sum(input_tokens) FROM ledger',
  )
  expect([rows[0]?.[0], rows[0]?.[1], rows[0]?.[2]]).toEqual([TURNS, TURNS, counted.input])
  const { values } = parseMetrics(await metricsOf(it.url))
  const told = (name: string) => values(name).reduce((sum, [, value]) => sum + value, 0)
  expect(told('groxy_turns_total')).toBe(TURNS)
  expect(told('gen_ai_client_token_usage_sum')).toBe(counted.input + counted.output)
  expect(told('groxy_cost_usd_total')).toBeCloseTo(counted.ticks / DOLLAR, 9)
}, 60_000)

const metricsOf = async (url: string) => (await fetch(`${url}/metrics`)).text()
