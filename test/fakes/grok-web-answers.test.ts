import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { browserHeaders, g1, g2, g3, linesOf, webClient } from '../support/grok-web-client'
import { ownClock } from '../support/own-clock'
import {
  type Answer,
  AROUND_TAGS,
  agents,
  artifact,
  browses,
  card,
  cites,
  codeResult,
  cutTags,
  empty,
  endsMidway,
  failsFirst,
  failsFirstFrame,
  failsInResponse,
  failsInStreamErrors,
  failsMidway,
  failsMidwayFrame,
  fakeGrokWeb,
  garbage,
  halfLine,
  lastPart,
  longLine,
  manyBytes,
  modelResponse,
  moderatedMidway,
  oddTokens,
  plain,
  refusals,
  renderTag,
  resetsAtOnce,
  resetsMidway,
  runsCode,
  type Script,
  searches,
  searchesX,
  silent,
  stallsMidway,
  type Turn,
  thinks,
  thought,
  token,
  tokens,
  toolCard,
  type Wire,
  wait,
  writesArtifact,
} from './grok-web'

const grok = fakeGrokWeb({ accounts: [{ name: 'one', quota: 10_000 }, { name: 'two' }] })
const client = webClient(grok, 'one')
const two = webClient(grok, 'two')

afterAll(() => grok.stop())
beforeEach(() => {
  grok.clearScripts()
  grok.wire({})
  grok.forget()
})

/** The frames of the one answer that is scripted. */
async function framesOf(script: Script, body: object = g2('Hi')) {
  grok.queue([script])
  return client.frames(body)
}

/** The text that a client would show: tokens of the answer in a row. */
const answerOf = (frames: Awaited<ReturnType<typeof framesOf>>): string =>
  frames
    .filter(({ token, isThinking }) => typeof token === 'string' && isThinking !== true)
    .map(({ token }) => token)
    .join('')

describe('an answer', () => {
  test('has the frames of the protocol in their order', async () => {
    grok.queue([plain('Hi there')])
    const lines = await client.lines(g2('Hello'))
    const names = lines.map(({ result }) =>
      result.response ? Object.keys(result.response)[0] : Object.keys(result)[0],
    )
    expect(names).toEqual([
      ...['conversation', 'userResponse', 'uiLayout', 'llmInfo', 'token', 'token', 'token'],
      ...['finalMetadata', 'modelResponse', 'title'],
    ])
    const [first, user, , , hi, there, stop, , whole] = lines.map(
      ({ result }) => result.response ?? result,
    )
    const { responseId } = hi
    expect(first.conversation).toMatchObject({ temporary: true, title: 'New conversation' })
    expect(user.userResponse).toMatchObject({ message: 'Hello', sender: 'human', streamErrors: [] })
    expect(hi).toEqual({
      ...{ token: 'Hi', isThinking: false, isSoftStop: false, messageTag: 'final', responseId },
    })
    expect(there.token).toBe(' there')
    expect(stop).toEqual({ token: '', isThinking: false, isSoftStop: true, responseId })
    expect(whole.modelResponse).toMatchObject({
      ...{ responseId, message: 'Hi there', sender: 'assistant', generatedImageUrls: [] },
      ...{ parentResponseId: user.userResponse.responseId, cardAttachmentsJson: [] },
      metadata: { llm_info: { modelHash: 'fake-hash-1' } },
    })
  })

  test('says the last words again by itself, with thoughts where the model has some', async () => {
    const message = 'Be brief.\n\nuser: Hi\n\nHow are you?'
    expect(answerOf(await client.frames(g1(message)))).toBe('You said: How are you?')
    expect(lastPart(message)).toBe('How are you?')
    for (const body of [
      g1('Hi', { modelMode: 'MODEL_MODE_EXPERT' }),
      g3('Hi', { modeId: 'expert' }),
      g2('Hi', { isReasoning: true }),
    ]) {
      const frames = await client.frames(body)
      expect(frames.some(({ isThinking }) => isThinking)).toBe(true)
      expect(answerOf(frames)).toBe('You said: Hi')
    }
    const heavy = await client.frames(g2('Hi', { modelMode: 'MODEL_MODE_HEAVY' }))
    expect(heavy.map(({ rolloutId }) => rolloutId)).toContain('Agent 2')
  })

  test('goes on with a conversation, frames directly under result', async () => {
    const [{ result }, next] = await client.lines(g2('Hi'))
    const path = `/rest/app-chat/conversations/${result.conversation.conversationId}/responses`
    const { responseId } = next.result.response
    const body = { ...g2('And now?'), parentResponseId: responseId }
    const lines = linesOf(await (await client.send(path, body)).text())
    const said = lines.flatMap(({ result }) => (result.isThinking ? [] : [result.token ?? '']))
    expect(said.join('')).toBe('You said: And now?')
    expect(lines.some(({ result }) => result.response || result.conversation)).toBe(false)
    expect((await client.send(path, { ...body, parentResponseId: 'a-1' })).status).toBe(404)
    expect((await client.send(path, g2('And now?'))).status).toBe(400)
    expect((await two.send(path, body)).status).toBe(404)
  })
})

describe('scenarios', () => {
  const sections = async (script: Script) =>
    (await framesOf(script)).filter(({ isThinking }) => isThinking)

  test('thinking has headers and summaries by step', async () => {
    const [header, summary, ...rest] = await sections(thinks())
    expect(header).toMatchObject({
      ...{ token: 'Reading the question', isThinking: true, messageTag: 'header' },
      messageStepId: 0,
    })
    expect(summary).toMatchObject({ messageTag: 'summary', messageStepId: 0 })
    expect(rest.map(({ messageStepId }) => messageStepId)).toContain(1)
    expect((await framesOf([thought('Hm', 'analysis', 2)]))[3]).toMatchObject({ messageStepId: 2 })
  })

  test('several agents are told apart', async () => {
    const names = (await sections(agents('Hi', 2))).map(({ rolloutId }) => rolloutId)
    expect(new Set(names)).toEqual(new Set(['Agent 1', 'Agent 2', undefined]))
  })

  const tools: Record<string, [script: Script, tool: string, result: object]> = {
    search: [searches(), 'webSearch', { webSearchResults: { results: [{ title: 'A' }, {}] } }],
    'old search': [searches({ isOld: true }), 'webSearch', { webSearchResults: {} }],
    'search on X': [searchesX(), 'xSearch', { xSearchResults: { results: [{ postId: '1' }] } }],
    code: [runsCode(), 'codeExecution', { codeExecutionResult: {} }],
    browsing: [browses(), 'browsePage', { webSearchResults: {} }],
  }
  for (const [name, [script, tool, result]] of Object.entries(tools))
    test(`${name}: the card, then the result`, async () => {
      const [card, found] = await sections(script)
      const { toolUsageCardId } = card
      expect(card).toMatchObject({
        messageTag: 'tool_usage_card',
        toolUsageCard: { toolUsageCardId, [tool]: { args: {} } },
      })
      expect(card.token).toStartWith('<xai:tool_usage_card><xai:tool_usage_card_id>')
      expect(found).toMatchObject({ toolUsageCardId, ...result })
    })

  test('a tool may be named in other ways', async () => {
    const args = { query: 'x' }
    const [snake, xml, name] = await sections([
      toolCard('k', 'webSearch', args, { snakeCase: true }),
      toolCard('k', 'webSearch', args, { onlyXml: true }),
      toolCard('k', 'webSearch', args, { byName: true, extra: { rolloutId: 'Agent 1' } }),
      codeResult('k', ''),
    ])
    expect(snake.toolUsageCard).toMatchObject({ web_search: { args } })
    expect([xml.toolUsageCard, xml.token.includes('web_search')]).toEqual([undefined, true])
    expect(name).toMatchObject({ token: '', toolName: 'web_search', rolloutId: 'Agent 1' })
  })

  test('a citation is a card, then a tag', async () => {
    const frames = await framesOf(cites('Bun', '.', ['https://example.org/a']))
    const at = frames.findIndex(({ cardAttachment }) => cardAttachment)
    expect(JSON.parse(frames[at].cardAttachment.jsonData)).toEqual({
      ...{ id: 'x1', url: 'https://example.org/a', type: 'render_inline_citation' },
      cardType: 'citation_card',
    })
    expect(frames[at + 1].token).toBe(renderTag('x1'))
    expect((await framesOf(searches({ isCited: true })))[8].cardAttachment).toBeObject()
  })

  test('tags are cut anywhere', async () => {
    for (const size of [1, 5]) {
      const frames = await framesOf(cutTags(size))
      const text = answerOf(frames)
      for (const words of AROUND_TAGS) expect(text).toContain(words)
      expect(text).toContain(artifact('d-1', 'Doc', 'const a = 1'))
      const longest = Math.max(...frames.map(({ token }) => token?.length ?? 0))
      expect(longest).toBe(size)
    }
    expect(answerOf(await framesOf(writesArtifact()))).toContain('<xaiArtifact artifact_id="d-1"')
  })

  test('tokens may be empty, lists, long, or none', async () => {
    const odd = await framesOf(oddTokens('Hi there'))
    expect(odd.map(({ token }) => token)).toContainEqual(['Hi', 'there'])
    expect(answerOf(odd)).toBe('Hi there')
    expect(answerOf(await framesOf(longLine(1_000_000)))).toHaveLength(1_000_000)
    expect(answerOf(await framesOf(empty()))).toBe('')
    expect((await framesOf([modelResponse({ message: 'x' })]))[3].modelResponse.message).toBe('x')
  })

  test('the title may be missing, and all that is around an answer', async () => {
    grok.queue([{ steps: [token('Hi')], title: false }])
    expect((await client.lines(g2('Hi'))).at(-1).result.response.modelResponse).toBeObject()
    grok.queue([{ steps: [card({ id: 'a' })], opening: false, closing: false }])
    expect(await client.lines(g2('Hi'))).toHaveLength(1)
  })
})

describe('scripts', () => {
  const said = async (from = client, message = 'Hi') => answerOf(await from.frames(g2(message)))

  test('are chosen by queue, account and request, the newest first', async () => {
    grok.script('always')
    grok.script('to two', { account: 'two' })
    grok.script(({ message }) => (message === 'skip' ? undefined : `to ${message}`), {
      when: ({ message }) => message.startsWith('s'),
    })
    grok.queue(['first', [token('second')]])
    grok.queue(['of two'], { account: 'two' })
    expect([await said(), await said(), await said(), await said(two), await said(two)]).toEqual([
      ...['first', 'second', 'always', 'of two', 'to two'],
    ])
    expect([await said(client, 'some'), await said(client, 'skip')]).toEqual(['to some', 'always'])
    expect(grok.queued()).toBe(0)
  })

  test('may be whole responses, and know the turn', async () => {
    const introduced = ({ account }: Turn): Answer => plain(`I am ${account.name}`)
    grok.queue([() => refusals.moderatedText(), introduced])
    const response = await client.chat(g2('Hi'))
    expect([response.status, await response.text()]).toEqual([403, 'Refused: content-moderated'])
    expect(await said()).toBe('I am one')
    await grok.settled()
  })

  test('an endpoint may be answered instead', async () => {
    const restore = grok.intercept('upload', () => refusals.tooLarge())
    const file = { fileName: 'a', fileMimeType: 'a/b', content: '' }
    expect((await client.send('/rest/app-chat/upload-file', file)).status).toBe(413)
    restore()
    expect((await client.send('/rest/app-chat/upload-file', file)).status).toBe(200)
  })
})

describe('the wire', () => {
  const text = async (wire: Wire, script: Script = plain('Hi there')) => {
    grok.wire(wire)
    grok.queue([script])
    const response = await client.chat(g2('Hi'))
    return { response, body: await response.text() }
  }

  test('has other framings', async () => {
    expect((await text({ framing: 'crlf' })).body).toContain('}\r\n{"result"')
    const data = await text({ framing: 'data' })
    expect(data.body).toStartWith('data: {"result":{"conversation"')
    expect(data.body).toEndWith('}}}\n\ndata: [DONE]\n\n')
    expect(data.response.headers.get('content-type')).toBe('text/event-stream')
    expect((await text({ framing: 'events' })).body).toStartWith('event: message\ndata: {')
    expect((await text({ framing: 'joined' })).body).toContain('}}{"result"')
    expect((await text({ framing: 'pretty' })).body).toStartWith('{\n  "result": {')
    expect((await text({ unended: true })).body).toEndWith('}}')
  })

  test('has chunks of any size, within characters too', async () => {
    const reader = async (wire: Wire, script: Script) => {
      grok.wire(wire)
      grok.queue([script])
      const { body } = await client.chat(g2('Hi'))
      return body ? Array.fromAsync(body) : []
    }
    const wire = { chunks: 1, gapMs: 5 }
    const bare = { opening: false, closing: false }
    const small = await reader({}, { steps: [{ raw: '"世界"\n' }], ...bare, wire })
    expect(answerOf(await framesOf(manyBytes()))).toContain('👩‍🚀')
    const isBroken = (bytes: Uint8Array) => new TextDecoder().decode(bytes).includes('\ufffd')
    expect(small.some(isBroken)).toBe(true)
    expect(new TextDecoder().decode(Buffer.concat(small))).toContain('世')
    expect(await reader({ chunks: 'all' }, plain())).toHaveLength(1)
    const spaced = await reader({ gapMs: 5 }, plain())
    expect(spaced.length).toBeGreaterThan(8)
  })

  test('sends what is said while the rest is still awaited', async () => {
    for (const gzip of [false, true]) {
      grok.wire({ gzip })
      const more = Promise.withResolvers<void>()
      grok.queue([[token('early'), wait(more.promise), token(' late')]])
      const { body } = await client.chat(g2('Hi'))
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      let heard = ''
      while (!heard.includes('"early"')) heard += (await reader?.read())?.value
      expect(heard).not.toContain('late')
      more.resolve()
      while (!heard.includes('"newTitle"')) heard += (await reader?.read())?.value
      expect(heard).toContain('" late"')
    }
  })

  test('is compressed when the client accepts that', async () => {
    const { response, body } = await text({ gzip: true })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(linesOf(body)).toHaveLength(10)
    grok.queue([plain()])
    const bare = await client.chat(g2('Hi'), {}, { 'accept-encoding': 'identity' })
    expect(bare.headers.get('content-encoding')).toBeNull()
  })
})

describe('faults', () => {
  const bodyOf = async (script: Script): Promise<string> => {
    grok.queue([script])
    return (await client.chat(g2('Hi'))).text()
  }

  test('in band: first line, later, in the last word', async () => {
    const before = grok.quota('one', 'grok-4').remaining
    expect(linesOf(await bodyOf(failsFirst()))).toEqual([
      { error: { code: 8, message: 'Too many requests' } },
    ])
    expect(linesOf(await bodyOf(failsFirstFrame()))[0].result.response.error).toBeObject()
    expect(grok.quota('one', 'grok-4').remaining).toBe(before)
    expect(linesOf(await bodyOf(failsMidway(13, 'Oh'))).at(-1).error.message).toBe('Oh')
    expect(linesOf(await bodyOf(failsMidwayFrame())).at(-1).result.response.error).toBeObject()
    expect(linesOf(await bodyOf(moderatedMidway())).at(-1).error.message).toContain('moderated')
    const whole = (text: string) => linesOf(text).at(-2).result.response.modelResponse
    expect(whole(await bodyOf(failsInResponse('Oh'))).error).toBe('Oh')
    expect(whole(await bodyOf(failsInStreamErrors('Oh'))).streamErrors).toHaveLength(1)
    expect(await bodyOf(halfLine())).toEndWith('"token":"and th')
    expect(linesOf(await bodyOf(endsMidway())).at(-1).result.response.token).toBe(' end')
    expect(await bodyOf(garbage())).toContain('\n<html>')
    expect(grok.quota('one', 'grok-4').remaining).toBe(before - 8)
  })

  /** What a client without any HTTP of its own sees. */
  async function raw(script: Script): Promise<{ said: string; error: string | undefined }> {
    grok.queue([script])
    const body = JSON.stringify(g2('Hi'))
    const headers = browserHeaders(grok.account('one').cookie, {
      ...{ host: 'grok.com', 'content-type': 'application/json' },
      'content-length': String(body.length),
    })
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const { promise, resolve } = Promise.withResolvers<{ said: string; error?: string }>()
    let said = ''
    let error: string | undefined
    const socket = connect(Number(new URL(grok.url).port), '127.0.0.1', () =>
      socket.write(`POST /rest/app-chat/conversations/new HTTP/1.1\r\n${head.join('')}\r\n${body}`),
    )
    socket.on('data', (bytes) => {
      said += bytes
    })
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code
    })
    socket.on('close', () => resolve({ said, ...(error === undefined ? {} : { error }) }))
    const { said: heard, error: why } = await promise
    return { said: heard, error: why }
  }

  test('the socket is really reset, before the first byte and later', async () => {
    expect(await raw(resetsAtOnce())).toEqual({ said: '', error: 'ECONNRESET' })
    const { said, error } = await raw(resetsMidway())
    expect(said).toContain('" end"')
    expect(said).not.toContain('modelResponse')
    expect(error).toBe('ECONNRESET')
    await grok.settled()
  })

  test('a client that hangs up is noticed at once, with the time', async () => {
    for (const [at, script] of [silent(), stallsMidway(), plain('a b')].entries()) {
      grok.queue([at < 2 ? script : [token('a'), wait(new Promise(() => {}))]])
      const abort = new AbortController()
      const asked = client.chat(g2('Hi'), { signal: abort.signal })
      const gone = asked.then((response) => response.text()).catch(({ name }: Error) => name)
      await grok.arrived({ endpoint: 'new' }, at + 1)
      await Bun.sleep(30)
      using clock = ownClock()
      const cutAt = clock.now()
      abort.abort()
      expect(await gone).toBe('AbortError')
      const call = await grok.left({ endpoint: 'new' }, at)
      expect(clock.now() - cutAt).toBeLessThan(50)
      expect(await call.gone).toBe(call.leftAt as number)
      expect([call.endedAt, call.firstByteAt === undefined]).toEqual([undefined, at === 0])
    }
    await grok.settled()
  })

  test('a client that stays is not taken for one that hangs up', async () => {
    await framesOf(tokens('Hi there', 1))
    const [call] = grok.chats('one')
    expect(call?.leftAt).toBeUndefined()
    expect((call?.endedAt ?? 0) - (call?.firstByteAt ?? Number.NaN)).toBeWithin(0, 5_000)
  })
})
