import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ApiError } from '#src/errors'
import type { TurnEvent } from '#src/turn/event'
import { createResponsesEncoder, type ResponseTerms } from '#src/turn/responses/encoder'
import { replay } from '#src/turn/responses/replay'
import { shownResponse } from '#src/turn/responses/shown'
import { readMarks } from '#src/turn/responses/tape'
import { orderFaults, readResponseStream } from '../support/response-order'
import { answers, encode, nonsense, responseTerms } from '../support/response-samples'

const ERRORS = [
  new ApiError('upstream_error', 'It broke off.'),
  new ApiError('rate_limit_exceeded', 'Slow down.', { retryAfter: 3 }),
  new ApiError('upstream_error', 'Too big.', {
    status: 400,
    type: 'image_error',
    upstreamCode: 'image_too_large',
    param: 'input.0',
  }),
  new ApiError('upstream_error', 'No code.', { upstreamCode: null }),
]

const terms = fc.record({
  includeEncrypted: fc.boolean(),
  includeLogprobs: fc.boolean(),
  background: fc.boolean(),
})

/** How a stream may end: well, with an error, given up, or not yet. */
const ends = fc.oneof(fc.constantFrom('end', 'cancel', 'open'), fc.constantFrom(...ERRORS))

function streamed(
  events: readonly TurnEvent[],
  given: Partial<ResponseTerms>,
  end: string | ApiError,
) {
  const skeleton = { ...responseTerms().skeleton, background: given.background }
  const { encoder, text } = encode(events, { ...given, skeleton })
  const last = () => {
    if (end instanceof ApiError) return encoder.fail(end)
    return end === 'end' ? encoder.end() : end === 'cancel' ? encoder.cancel() : ''
  }
  return { text: text + last(), encoder }
}

/** A Response as it comes out of the database again: as the client may see it. */
const stored = (encoder: ReturnType<typeof createResponsesEncoder>, shows: boolean | undefined) => {
  const { output, ...rest } = JSON.parse(JSON.stringify(encoder.response()))
  const response = { ...rest, output }
  return shows ? response : shownResponse(response)
}

describe('a stream that is sent again', () => {
  test('is the same, byte for byte, however far it had come', () =>
    fc.assert(
      fc.property(
        fc.oneof(answers, nonsense),
        terms,
        ends,
        fc.nat({ max: 60 }),
        (events, given, end, upTo) => {
          const said = end === 'open' ? events.slice(0, upTo) : events
          const { text, encoder } = streamed(said, given, end)
          expect(replay(stored(encoder, given.includeEncrypted), encoder.tape())).toBe(text)
        },
      ),
      { numRuns: 400 },
    ))

  test('leaves out what the reader already has (R22)', () =>
    fc.assert(
      fc.property(answers, ends, fc.nat({ max: 30 }), (events, end, after) => {
        const { text, encoder } = streamed(events, {}, end)
        const blocks = text.split('\n\n')
        const rest = blocks.filter((block) => {
          const number = /"sequence_number":(\d+)/.exec(block)?.[1]
          return number === undefined || Number(number) > after
        })
        expect(replay(stored(encoder, false), encoder.tape(), after)).toBe(rest.join('\n\n'))
      }),
    ))

  test('without a tape is in order and gives the same Response', () =>
    fc.assert(
      fc.property(fc.oneof(answers, nonsense), terms, ends, (events, given, end) => {
        const { text, encoder } = streamed(events, given, end)
        const again = readResponseStream(replay(stored(encoder, given.includeEncrypted), null))
        const { events: once } = readResponseStream(text)
        if (end === 'open') return
        expect(orderFaults(again.events)).toEqual([])
        expect(again.events.at(-1)?.response).toEqual(once.at(-1)?.response)
        expect(again.events.length).toBeLessThanOrEqual(once.length)
      }),
    ))

  test('of a turn that waits has come as far as being queued', () => {
    const encoder = createResponsesEncoder(
      responseTerms({ background: true, skeleton: { model: 'm', background: true } }),
    )
    const text = encoder.queue()
    expect(replay(stored(encoder, false), encoder.tape())).toBe(text)
  })
})

test('a tape tells the length of every piece, long ones and those with likelihoods too', () => {
  const logprob = { token: 'a', logprob: 0, bytes: [97], top_logprobs: [] }
  const { encoder } = encode(
    [
      { type: 'text', choice: 0, text: 'a' },
      { type: 'text', choice: 0, text: 'x'.repeat(1000), logprobs: [logprob, logprob] },
      {
        type: 'citation',
        choice: 0,
        citation: { url: 'https://a.example/', title: '', start: 0, end: 0 },
      },
      { type: 'text', choice: 0, text: 'z'.repeat(26) },
    ],
    { includeLogprobs: true },
  )
  expect(encoder.tape()).toBe('\na(2)1000.@z')
  expect([...readMarks(encoder.tape().slice(1))]).toEqual([
    { type: 'cut', length: 1, logprobs: 0 },
    { type: 'cut', length: 1000, logprobs: 2 },
    { type: 'citation' },
    { type: 'cut', length: 26, logprobs: 0 },
  ])
})
