import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { fakeUpstream, USAGE } from '../fakes/upstream'
import { fetchAgent } from '../support/agent'
import { gateway, KEY, xaiAt } from '../support/gateway'
import { obtained } from '../support/packages'
import { runProgram, scratch } from '../support/programs'
import { CALL_ID, chatAsked, chatLoop } from '../support/tool-loop'

const agent = await obtained('the agent', fetchAgent())

const NOTE = 'The lighthouse keeper is called Solveig.'
const QUESTION = 'Who keeps the lighthouse? It is written in note.txt.'

/** A model that reads the note, and then repeats what the tool told. */
const readThenTell = chatLoop({ tool: 'read', given: { path: 'note.txt' } })

test.skipIf(!agent).each([
  ['plain model', false],
  ['model that reasons', true],
] as const)(
  'an agent reads a file with its own tool and tells what is in it, with a %s',
  async (_, reasoning) => {
    await using folder = await scratch('agent')
    await using upstream = fakeUpstream(readThenTell)
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    const provider = {
      baseUrl: `${gate.url}/v1`,
      api: 'openai-completions',
      apiKey: KEY,
      models: [{ id: 'grok-4', reasoning }],
    }
    await Bun.write(join(folder.path, 'note.txt'), `${NOTE}\n`)
    await Bun.write(
      join(folder.path, 'home/models.json'),
      JSON.stringify({ providers: { groxy: provider } }),
    )

    const { code, stdout, stderr } = await runProgram(
      [
        ...(agent ?? []),
        ...['--print', '--no-session', '--no-context-files'],
        ...['--provider', 'groxy', '--model', 'grok-4', '--thinking', 'high'],
        QUESTION,
      ],
      {
        cwd: folder.path,
        env: {
          HOME: folder.path,
          PI_CODING_AGENT_DIR: join(folder.path, 'home'),
          PI_OFFLINE: '1',
          PI_TELEMETRY: '0',
        },
      },
    )

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`The note says: ${NOTE}`)

    const [first, second, ...more] = upstream.asked().map(chatAsked)
    expect(more).toEqual([])
    expect(first?.stream).toBe(true)
    expect(first?.tools?.map((tool) => tool.function?.name)).toContain('read')
    expect(first?.reasoning_effort).toBe(reasoning ? 'high' : undefined)
    // The agent writes `developer` for models that reason, which xAI does not know.
    expect(first?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(JSON.stringify(first?.messages.at(-1)?.content)).toContain(QUESTION)
    expect(second?.messages.slice(2)).toMatchObject([
      {
        role: 'assistant',
        tool_calls: [{ id: CALL_ID, function: { name: 'read', arguments: '{"path":"note.txt"}' } }],
      },
      { role: 'tool', tool_call_id: CALL_ID, content: expect.stringContaining(NOTE) },
    ])
    for (const { headers } of upstream.asked())
      expect(headers.get('authorization')).toBe('Bearer xai-account-secret-1')
    expect(await gate.ledger()).toMatchObject([
      { outcome: 'done', status: 200, inputTokens: USAGE.prompt_tokens },
      { outcome: 'done', status: 200, inputTokens: USAGE.prompt_tokens },
    ])
  },
  60_000,
)
