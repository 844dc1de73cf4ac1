import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import { type WebGateway, type WebOptions, webGateway } from './web-gateway'
import { type Told, tell, WAYS, type Way, type Wish } from './web-ways'

/** What a test of one way has at hand. */
interface Asker extends WebGateway {
  readonly way: Way
  readonly isChat: boolean
  /** Ask in the way that is tested. */
  readonly tell: (wish?: Wish) => Promise<Told>
}

type Run = (it: Asker) => Promise<void>

export const CHATS = ['a chat', 'a streamed chat'] as const
export const RESPONSES = ['a response', 'a streamed response'] as const

interface Manner {
  readonly ways?: readonly Way[]
  /** Settings that hold for this one. */
  readonly settings?: Partial<Settings>
}

/** More than any test takes. */
const PLENTY = 100_000

/**
 * A gateway that the tests of this `describe` share. What it gives makes a test for each way in which a
 * program may ask; after each the fake must have nothing to complain of.
 */
export function inFrontOf(options: WebOptions = {}) {
  let it: WebGateway
  beforeAll(async () => {
    const accounts = [{ name: 'one', tier: 'heavy', quota: PLENTY }] as const
    it = await webGateway({ accounts, ...options })
  })
  afterAll(() => it?.[Symbol.asyncDispose]())
  beforeEach(() => {
    it.grok.clearScripts()
    it.grok.wire({})
  })
  afterEach(async () => {
    // What was made is fetched though the answer is over.
    await it.settle()
    expect(it.grok.complaints()).toEqual([])
    it.grok.forget()
  })
  const set = async (settings: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(settings)) await it.stores.settings.set(name, value)
    await it.app.refresh()
  }
  return (name: string, run: Run, { ways = WAYS, settings }: Manner = {}): void =>
    describe(name, () => {
      if (settings) {
        const usual = Object.keys(settings).map((key) => [
          key,
          DEFAULT_SETTINGS[key as keyof Settings],
        ])
        beforeAll(() => set(settings))
        afterAll(() => set(Object.fromEntries(usual)))
      }
      test.each(ways)('%s', (way) =>
        run({
          ...it,
          ...{ way, isChat: way.endsWith('chat'), tell: (wish) => tell(it.sdk, way, wish) },
        }),
      )
    })
}
