import { expect, test } from 'bun:test'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { readPicture } from '#src/upstream/web/picture'
import { jpeg } from '../../fakes/media/jpeg'

const shownAs = (bytes: () => Promise<Uint8Array<ArrayBuffer>>) => ({
  url: 'https://x.example',
  bytes,
})
const never = () => new Promise<Uint8Array<ArrayBuffer>>(() => {})
const settings = { ...DEFAULT_SETTINGS, fetch_timeout_ms: 20 }

const read = (
  bytes: () => Promise<Uint8Array<ArrayBuffer>>,
  signal = new AbortController().signal,
) => readPicture(shownAs(bytes) as Parameters<typeof readPicture>[0], settings, signal)

test('a picture is read whole', async () => {
  const picture = jpeg('one')
  expect(await read(async () => picture)).toEqual({
    mime: 'image/jpeg',
    base64: picture.toBase64(),
  })
})

test.each([
  ['comes too late', never],
  ['cannot be had', () => Promise.reject(new Error('gone'))],
  ['is none', async () => new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
])('a picture that %s leaves the answer as it is', async (_, bytes) => {
  expect(await read(bytes)).toBeUndefined()
})

test('an answer that is over meanwhile ends at once', async () => {
  const abort = new AbortController()
  const reading = read(never, abort.signal)
  abort.abort(new Error('The client left.'))
  await expect(reading).rejects.toThrow()
})
