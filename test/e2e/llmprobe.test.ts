import { expect, test } from 'bun:test'
import { gateway, KEY } from '../support/gateway'
import { fetchLlmprobe, probe } from '../support/llmprobe'
import { obtained } from '../support/packages'
import { scratch } from '../support/programs'

const command = await obtained('llmprobe', fetchLlmprobe())

/** What Groxy serves itself; the rest is what xAI has, and needs an account. */
const OURS = new Set(['models', 'chat', 'responses'])

/** The demo model has no wits to remember a name with; that it is told of it is tested elsewhere. */
const WITS = new Set(['responses-chain-remembers'])

const PATIENCE_MS = 300_000

test.skipIf(!command).each(['demo', 'demo-thinking'])(
  'llmprobe finds nothing amiss with the model %s',
  async (model) => {
    await using folder = await scratch('llmprobe')
    await using gate = await gateway()
    const { coverage, conformance } = await probe({
      command: command ?? [],
      folder: folder.path,
      baseUrl: `${gate.url}/v1`,
      apiKey: KEY,
      model,
    })
    const ours = conformance.results.filter(({ surface }) => OURS.has(surface))
    expect(new Set(ours.map(({ surface }) => surface))).toEqual(OURS)
    expect(ours.length).toBeGreaterThan(30)
    const faults = ours.flatMap(({ failures }) => failures)
    expect(faults.filter(({ id }) => !WITS.has(id))).toEqual([])
    const missing = coverage.entries.filter(({ supported }) => !supported).map(({ id }) => id)
    for (const id of OURS) expect(missing).not.toContain(id)
  },
  PATIENCE_MS,
)
