import { expect, test } from 'bun:test'
import { ApiError } from '#src/errors'
import { createOwnLoader } from '#src/media/own-address'

const limits = {
  maxBytes: 100,
  timeoutMs: 1_000,
  signal: new AbortController().signal,
  param: 'image',
}

test.each([
  ['is gone', new ApiError('not_found', 'It is not here.'), 400, 'image'],
  ['cannot be fetched', new ApiError('media_unavailable', 'It broke.'), 400, 'image'],
  ['is in a database that is away', new ApiError('not_ready', 'Not now.'), 503, undefined],
])('a picture of ours that %s', async (_, failure, status, param) => {
  const load = createOwnLoader(() => Promise.reject(failure))
  const cause = await load('a.png', limits).catch((problem: unknown) => problem)
  if (!(cause instanceof ApiError)) throw cause
  expect([cause.status, cause.details.param]).toEqual([status, param])
})

test('a fault of ours stays one', async () => {
  const load = createOwnLoader(() => Promise.reject(new TypeError('x')))
  await expect(load('a.png', limits)).rejects.toThrow(TypeError)
})
