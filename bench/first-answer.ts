import { bodyOf, type Scenario } from './scenarios'

const PATIENCE_MS = 20_000

/** Ask until a chat answer comes, as often as the machine allows. */
export async function firstAnswer(address: string, key: string): Promise<void> {
  const hello: Scenario = { name: 'hello', model: 'bench', connections: 1 }
  const until = performance.now() + PATIENCE_MS
  while (performance.now() < until) {
    const answer = await ask(address, key, hello).catch(() => undefined)
    if (answer?.ok) return
    await Bun.sleep(1)
  }
  throw new Error(`${address} gave no answer within ${PATIENCE_MS / 1000} s.`)
}

/** One request of a scenario, with its whole answer. */
export async function ask(address: string, key: string, scenario: Scenario) {
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: bodyOf(scenario),
    signal: AbortSignal.timeout(5_000),
  })
  return { ok: response.ok, status: response.status, text: await response.text() }
}
