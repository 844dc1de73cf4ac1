import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { KEY } from '../support/gateway'
import {
  filesSent,
  hashOf,
  kindMachine,
  MEDIA_KINDS,
  made,
  PICTURES,
  picturesSent,
} from '../support/media-kinds'
import { obtained } from '../support/packages'
import { fetchPythonOpenAi, hasPython, runPython } from '../support/python'

// OpenAI's library for Python in front of the real executable, over each kind of account.

if (!hasPython) console.warn('Tests in Python are skipped, because there is no python3 with pip.')
const home = hasPython ? await obtained('openai-python', fetchPythonOpenAi()) : undefined

const LONG = 60_000
const TEXT = 'Moss grows on the north side.'

/** What `test/support/clients/openai_media.py` tells. */
interface Told {
  readonly addresses: readonly string[]
  /** SHA-256 of pictures. */
  readonly made: readonly string[]
  readonly whole: readonly string[]
  readonly events: readonly string[]
  readonly changed: readonly string[]
  readonly masked: object
  readonly file: { readonly id: string }
  readonly listed: readonly string[]
  readonly video?: { readonly content: string }
  readonly vectors?: readonly (readonly (readonly number[])[])[]
}

test.skipIf(!home).each(MEDIA_KINDS.map((kind) => [kind.name, kind] as const))(
  'over %s openai-python makes pictures and videos, keeps files and embeds',
  async (_, kind) => {
    await using world = await kindMachine(kind)
    await using it = await world.start()
    const path = (name: string) => join(world.folder, name)
    const { jpeg, png, webp, mask } = PICTURES
    for (const [name, content] of Object.entries({
      ...{ 'a.jpg': jpeg, 'b.png': png, 'c.webp': webp, 'mask.png': mask, 'moss.txt': TEXT },
    }))
      await Bun.write(path(name), content)
    const { image, edit, many, chat, video, embedding } = kind
    const told = await runPython<Told>(home ?? '', 'openai_media', {
      ...{ base_url: `${it.url}/v1`, api_key: KEY, prompt: 'A fern in the rain' },
      ...{ image, edit, many, chat, video, embedding },
      ...{
        pictures: ['a.jpg', 'b.png', 'c.webp'].map(path),
        mask: path('mask.png'),
        text: path('moss.txt'),
      },
    })
    const known = made(world)
    expect(new Set(told.addresses).size).toBe(many[1])
    for (const address of told.addresses) expect(address).toStartWith(`${it.url}/images/`)
    for (const hash of [...told.made, ...told.whole, ...told.changed]) expect(known).toContain(hash)
    expect([told.whole.length, told.changed.length]).toEqual([1, 1])
    expect(told.events.at(-1)).toBe('image_generation.completed')
    expect(told.events.includes('image_generation.partial_image')).toBe(kind.previews)
    const sent = new Set(picturesSent(world).map(hashOf))
    for (const bytes of [jpeg, png, webp]) expect(sent).toContain(hashOf(bytes))
    expect(told.masked).toEqual(
      kind.masks ? {} : { type: 'BadRequestError', code: 'unsupported_parameter', param: 'mask' },
    )
    expect(told).toMatchObject({
      file: { object: 'file', bytes: TEXT.length, filename: 'moss.txt', purpose: 'user_data' },
      ...{ listed: [told.file.id], found: told.file.id, content: TEXT, deleted: true },
      ...{ chat: expect.stringMatching(/./), response: expect.stringMatching(/./) },
      gone: { type: 'NotFoundError' },
    })
    expect(filesSent(world)).toContain(TEXT)
    if (video) {
      expect(told.video).toMatchObject({
        status: 'completed',
        progress: 100,
        listed: true,
        deleted: true,
      })
      expect(known).toContain(told.video?.content ?? '')
    }
    if (embedding) {
      const [usual, floats] = told.vectors?.map((form) => form.flat().map(Math.fround)) ?? []
      expect(usual?.length).toBeGreaterThan(2)
      expect(usual).toEqual(floats ?? [])
    }
    expect(world.grok.complaints()).toEqual([])
  },
  LONG,
)
