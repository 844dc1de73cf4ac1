import { describe, expect, test } from 'bun:test'
import { preferenceOf } from '#src/dispatch/hosted'
import { createHttp } from '#src/net/http'
import type { Account, Kind } from '#src/pool/account'
import { createOpenAi } from '#src/upstream/openai/openai'
import type { Upstream } from '#src/upstream/upstream'
import { runsAtGrok } from '#src/upstream/web/manner'
import { createXai } from '#src/upstream/xai/xai'
import { account } from '../support/accounts-pool'
import { chatAsk, responsesAsk } from '../support/web-session'

const parts = { http: createHttp(fetch), now: Date.now }
const nobody = {} as Upstream
const upstreams: Readonly<Record<Kind, Upstream>> = {
  xai: createXai(parts),
  openai: createOpenAi(parts),
  web: { ...nobody, runs: runsAtGrok },
  demo: nobody,
}

const tools = (...types: readonly string[]) => ({ tools: types.map((type) => ({ type })) })

const ACCOUNTS: readonly (readonly [Kind, Account['api']])[] = [
  ['xai', 'both'],
  ['xai', 'chat'],
  ['openai', 'both'],
  ['openai', 'responses'],
  ['openai', 'chat'],
  ['web', 'both'],
  ['demo', 'both'],
]

/** Who of all is preferred. */
function preferred(ask: ReturnType<typeof chatAsk>): string | undefined {
  const prefers = preferenceOf(ask, upstreams)
  if (!prefers) return
  const found = ACCOUNTS.filter(([kind, api]) => prefers(account('a', { kind, api })))
  return found.map((it) => it.join(' ')).join(', ')
}

const MODERN = 'xai both, openai both, openai responses'
const SEARCHES = { web_search_options: {} }

describe('who is preferred for what a turn of the Responses API offers', () => {
  test.each([
    [tools('web_search'), `${MODERN}, web both`],
    [tools('web_search_preview', 'function'), `${MODERN}, web both`],
    [tools('web_search', 'mcp'), MODERN],
    [tools('computer_use_preview'), 'openai both, openai responses'],
    [tools('function', 'custom', 'namespace'), undefined],
    [tools(), undefined],
    [{ tools: null, tool_choice: null }, undefined],
    [{ ...tools('web_search'), tool_choice: 'auto' }, `${MODERN}, web both`],
    [{ ...tools('web_search'), tool_choice: 'none' }, undefined],
    [{ ...tools('web_search'), tool_choice: 'required' }, undefined],
    [{ ...tools('web_search'), tool_choice: { type: 'web_search' } }, undefined],
  ])('%j: %s', (request, expected) => {
    expect(preferred(responsesAsk(request))).toBe(expected as string)
  })
})

test('a chat passes to servers of chat as it came, so that these are as good', () => {
  const chats = 'xai both, xai chat, openai both, openai responses, openai chat'
  expect(preferred(chatAsk(SEARCHES))).toBe(`${chats}, web both`)
  expect(preferred(chatAsk(tools('mcp')))).toBe(chats)
  expect(preferred(chatAsk({ web_search_options: null }))).toBeUndefined()
})
