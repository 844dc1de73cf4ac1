import { describe, expect, test } from 'bun:test'
import { sealed, text, thought } from '../fakes/responses-outputs'
import { refused, say } from '../fakes/responses-said'
import {
  fakeResponses,
  inputOf,
  type ResponsesAsked,
  responsesAsked,
} from '../fakes/responses-upstream'
import { type FakeUpstream, MODELS } from '../fakes/upstream'
import { type Gateway, gateway } from '../support/gateway'

const TURNS = 6

/** An account that seals its thoughts under its own name. */
function thinker(name: string) {
  let isBusy = false
  const upstream = fakeResponses((asked) =>
    isBusy
      ? refused(503, 'overloaded', 'Come back later.')
      : say(asked, [thought(`${name} thinks.`), text(`${name} speaks.`)]),
  )
  const tire = () => {
    isBusy = true
  }
  return { name, upstream, tire }
}

const add = (gate: Gateway, name: string, { url }: FakeUpstream) =>
  gate.stores.accounts.add({
    ...{ kind: 'openai', name, baseUrl: url, secret: `sk-secret-of-${name}` },
    ...{ api: 'responses', models: MODELS },
  })

const sealedIn = (asked: ResponsesAsked) =>
  inputOf(asked).flatMap(({ encrypted_content: it }) => (typeof it === 'string' ? it : []))

async function turn(gate: Gateway, previous: string | undefined, stream = false) {
  const body = { model: 'grok-4', input: 'Go on', previous_response_id: previous, stream }
  const response = await gate.post('/v1/responses', body)
  const said = await response.text()
  expect([response.status, said]).toEqual([200, expect.any(String)])
  const id = /"id":"(resp_\w+)"/.exec(said)?.[1]
  return { id, dropped: response.headers.get('x-groxy-dropped'), said }
}

test('a thought of one account never reaches another, however often the turns change hands', async () => {
  const [one, other] = [thinker('one'), thinker('other')]
  await using _one = one.upstream
  await using _other = other.upstream
  await using gate = await gateway()
  for (const { name, upstream } of [one, other]) await add(gate, name, upstream)
  await gate.app.refresh()
  let id: string | undefined
  for (let count = 0; count < TURNS; count++) {
    const { id: next } = await turn(gate, id, count % 2 === 1)
    id = next
    const [last] = [one, other].filter(({ upstream }) => upstream.asked().length > 0)
    if (count === 1) last?.tire()
  }
  for (const { name, upstream } of [one, other]) {
    const asked = upstream.asked().map(responsesAsked)
    expect(asked.length).toBeGreaterThan(0)
    for (const it of asked)
      expect(sealedIn(it).filter((seal) => seal !== sealed(`${name} thinks.`))).toEqual([])
  }
  // Its own come back to it.
  const lasting = one.upstream.asked().length > 3 ? one : other
  expect(sealedIn(responsesAsked(lasting.upstream.asked().at(-1) as never)).length).toBeGreaterThan(
    0,
  )
})

describe('a thought that its upstream cannot read any more', () => {
  const UNREADABLE = [
    [
      'as xAI says it',
      () =>
        refused(
          400,
          'Client specified an invalid argument',
          'Could not decrypt the provided encrypted_content.',
        ),
    ],
    [
      'as OpenAI says it',
      () =>
        Response.json(
          {
            error: {
              message: 'The encrypted content gAAA could not be verified.',
              ...{ type: 'invalid_request_error', param: null, code: 'invalid_encrypted_content' },
            },
          },
          { status: 400 },
        ),
    ],
  ] as const

  test.each(UNREADABLE)('is left out, and the conversation goes on: %s', async (_, refuse) => {
    let isForgetful = false
    await using upstream = fakeResponses((asked) => {
      if (isForgetful && sealedIn(asked).length > 0) return refuse()
      return say(asked, [thought('It is Solveig.'), text('Solveig')])
    })
    await using gate = await gateway()
    await add(gate, 'forgetful', upstream)
    await gate.app.refresh()
    const first = await turn(gate, undefined)
    isForgetful = true
    for (const stream of [false, true]) {
      const { said, dropped } = await turn(gate, first.id, stream)
      expect(said).toContain('Solveig')
      expect(dropped).toBe('reasoning')
    }
    const kinds = upstream.asked().map((seen) => sealedIn(responsesAsked(seen)).length)
    expect(kinds).toEqual([0, 1, 0, 1, 0])
    // Neither the account nor the ledger takes it for a fault.
    const rows = await gate.ledger()
    expect(rows.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
      ['done', 1],
      ['done', 1],
      ['done', 1],
    ])
  })

  test('is no reason to ask twice where there was none', async () => {
    await using upstream = fakeResponses(() =>
      refused(400, 'bad', 'Could not decrypt the picture.'),
    )
    await using gate = await gateway()
    await add(gate, 'plain', upstream)
    await gate.app.refresh()
    const response = await gate.post('/v1/responses', { model: 'grok-4', input: 'Hi' })
    expect([response.status, upstream.asked().length]).toEqual([400, 1])
  })
})
