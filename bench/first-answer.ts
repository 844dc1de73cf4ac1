import { bodyOf, pathOf, type Scenario } from './scenarios'

const PATIENCE_MS = 20_000

/** Ask until a chat answer comes, as often as the machine allows. */
export async function firstAnswer(address: string, key: string, model = 'bench'): Promise<void> {
  const hello: Scenario = { name: 'hello', model, connections: 1 }
  const until = performance.now() + PATIENCE_MS
  while (performance.now() < until) {
    const answer = await ask(address, key, hello).catch(() => undefined)
    if (answer?.ok) return
    await Bun.sleep(1)
  }
  throw new Error(`${address} gave no answer within ${PATIENCE_MS / 1000} s.`)
}

/** One request of a scenario, with its whole answer. */
export async function ask(address: string, key: string, scenario: Scenario, patienceMs = 5_000) {
  const response = await fetch(address + pathOf(scenario), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: bodyOf(scenario),
    signal: AbortSignal.timeout(patienceMs),
  })
  return { ok: response.ok, status: response.status, text: await response.text() }
}
