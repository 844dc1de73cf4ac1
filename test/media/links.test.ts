import { describe, expect, test } from 'bun:test'
import { createLinks } from '#src/media/links'
import { DEFAULT_SETTINGS } from '#src/store/settings'

const NAME = '0f8fad5bd9cb469fa16570867728950e.jpg'
const OTHER = '1f8fad5bd9cb469fa16570867728950e.jpg'
const ORIGIN = 'https://groxy.example'
const HOUR_MS = 3_600_000

function linked(hours: number, secret = 'a secret for tests') {
  let time = Date.UTC(2026, 1, 1)
  const settings = () => ({ ...DEFAULT_SETTINGS, media_link_hours: hours })
  const links = createLinks({ secret, settings, now: () => time })
  const pass = (ms: number) => {
    time += ms
  }
  return { ...links, pass, time: () => time }
}

const queryOf = (url: string) => new URL(url).searchParams

describe('addresses of media', () => {
  test('are good for ever where nobody says otherwise', async () => {
    const { linkOf, check } = linked(0)
    expect(await linkOf(ORIGIN, NAME, 'image')).toBe(`${ORIGIN}/images/${NAME}`)
    expect(await linkOf(`${ORIGIN}/groxy`, NAME, 'video')).toBe(`${ORIGIN}/groxy/videos/${NAME}`)
    for (const query of ['', 'expires=1&signature=0'])
      expect(await check(NAME, 'image', new URLSearchParams(query))).toEqual({
        isGood: true,
        until: undefined,
      })
  })

  test('end when they say so', async () => {
    const it = linked(2)
    const url = await it.linkOf(ORIGIN, NAME, 'image')
    const until = it.time() + 2 * HOUR_MS
    expect(await it.check(NAME, 'image', queryOf(url))).toEqual({ isGood: true, until })
    it.pass(2 * HOUR_MS - 1)
    expect(await it.check(NAME, 'image', queryOf(url))).toMatchObject({ isGood: true })
    it.pass(1)
    expect(await it.check(NAME, 'image', queryOf(url))).toEqual({
      isGood: false,
      why: 'This address has expired.',
    })
  })

  const changed: readonly (readonly [string, (query: URLSearchParams) => void])[] = [
    ['no signature', (query) => query.delete('signature')],
    ['no end', (query) => query.delete('expires')],
    ['an empty signature', (query) => query.set('signature', '')],
    ['another signature', (query) => query.set('signature', '0'.repeat(64))],
    ['a short one', (query) => query.set('signature', query.get('signature')?.slice(2) ?? '')],
    ['capitals', (query) => query.set('signature', query.get('signature')?.toUpperCase() ?? '')],
    ['a later end', (query) => query.set('expires', `${Number(query.get('expires')) + 1}`)],
    ['no number', (query) => query.set('expires', 'Infinity')],
    ['a broken number', (query) => query.set('expires', `${query.get('expires')}.0`)],
    ['a huge number', (query) => query.set('expires', '9'.repeat(40))],
  ]
  test.each(changed)('are refused with %s', async (_, change) => {
    const { linkOf, check } = linked(1)
    const query = queryOf(await linkOf(ORIGIN, NAME, 'image'))
    expect(await check(NAME, 'image', query)).toMatchObject({ isGood: true })
    change(query)
    expect(await check(NAME, 'image', query)).toMatchObject({ isGood: false })
  })

  test('open nothing else, and nothing of another Groxy', async () => {
    const { linkOf, check } = linked(1)
    const query = queryOf(await linkOf(ORIGIN, NAME, 'image'))
    expect(await check(OTHER, 'image', query)).toMatchObject({ isGood: false })
    expect(await check(NAME, 'video', query)).toMatchObject({ isGood: false })
    const { check: elsewhere } = linked(1, 'another secret for tests')
    expect(await elsewhere(NAME, 'image', query)).toMatchObject({ isGood: false })
  })
})
