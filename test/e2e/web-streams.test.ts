import { describe, expect, test } from 'bun:test'
import { halfLine, longLine, plain, tokens } from '../fakes/grok-web'
import { inFrontOf } from '../support/every-way'
import { keyed } from '../support/gateway'
import { webGateway } from '../support/web-gateway'

const MB = 1_000_000

describe('an answer of grok.com', () => {
  const usual = inFrontOf()

  usual('may be one line of a megabyte', async ({ grok, tell }) => {
    for (const chunks of ['line', 1_000] as const) {
      grok.queue([{ ...longLine(MB), wire: { chunks } }])
      expect((await tell()).text).toBe('x'.repeat(MB))
    }
  })

  usual('may be of ten megabytes', async ({ grok, tell }) => {
    const said = Array.from({ length: 10_000 }, (_, at) => `${at} ${'y'.repeat(990)}`).join('\n')
    const wire = { chunks: 65_536 }
    grok.script({ steps: tokens(said, 1_000), wire, modelResponse: { message: '' } })
    const { text } = await tell()
    expect(text.length).toBe(said.length)
    expect(Bun.hash(text)).toBe(Bun.hash(said))
  })

  usual(
    'that takes too long altogether is broken off, though it never falls silent',
    async ({ grok, replace, tell, way, ledger }) => {
      // The last one rests.
      await replace([{ name: 'one' }])
      grok.script({ ...plain('word '.repeat(100)), wire: { gapMs: 20 } })
      const problem = await tell().catch((cause) => cause)
      expect(problem).toBeInstanceOf(Error)
      if (!way.includes('streamed')) expect(problem).toMatchObject({ status: 504 })
      expect((await grok.left()).endpoint).toBe('new')
      expect((await ledger())[0]?.outcome).toBeOneOf(['broken', 'failed'])
      expect(grok.chats()).toHaveLength(1)
    },
    { settings: { total_timeout_ms: 400 } },
  )
})

test('a key with rescue has a broken stream made again by another session', async () => {
  await using it = await webGateway({ accounts: [{ name: 'one' }, { name: 'two' }] })
  const key = await keyed(it, { rescue: 'buffer' })
  it.grok.queue([halfLine('These words')])
  const reply = await key.ask({
    ...{ model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }], stream: true },
  })
  const text = await reply.text()
  expect(text).toContain('You')
  expect(text).not.toContain('These')
  expect(text).toContain('[DONE]')
  expect(it.grok.chats()).toHaveLength(2)
})
