import { isWhole } from './answer'
import type { Scenario } from './scenarios'
import { quantile } from './statistics'

// Load by `fetch`, where there is no wrk or the number of requests must be exact.
// bun fetch-load.ts URL BODY_FILE KEY CONNECTIONS SECONDS REQUESTS [SCENARIO]: prints one line of JSON.
// With the scenario every answer is checked.

const words = process.argv.slice(2)
const [url = '', bodyFile = '', key = '', connections, seconds, requests, checked] = words
const scenario = checked === undefined ? undefined : (JSON.parse(checked) as Scenario)
const body = await Bun.file(bodyFile).text()
const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
const startedAt = performance.now()
const endsAt = startedAt + Number(seconds) * 1000
const tookMs: number[] = []
let left = Number(requests)
let bad = 0

const isAnswer = (text: string): boolean => (scenario ? isWhole(scenario, text) : text.length > 0)

async function connection() {
  while (left > 0 && performance.now() < endsAt) {
    left--
    const askedAt = performance.now()
    const isGood = await fetch(url, { method: 'POST', headers, body }).then(
      async (response) => isAnswer(await response.text()) && response.ok,
      () => false,
    )
    if (isGood) tookMs.push(performance.now() - askedAt)
    else bad++
  }
}

await Promise.all(Array.from({ length: Number(connections) }, connection))
console.info(
  JSON.stringify({
    answers: tookMs.length,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    bad,
  }),
)
