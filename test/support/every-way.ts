import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
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

/** More than any test takes. */
const PLENTY = 100_000

/**
 * A gateway that the tests of this `describe` share. What it gives makes a test for each way in which a
 * program may ask; after each the fake must have nothing to complain of.
 */
export function inFrontOf(options: WebOptions = {}) {
  let it: WebGateway
  beforeAll(async () => {
    it = await webGateway({ accounts: [{ name: 'one', quota: PLENTY }], ...options })
  })
  afterAll(() => it?.[Symbol.asyncDispose]())
  beforeEach(() => {
    it.grok.clearScripts()
    it.grok.wire({})
  })
  afterEach(() => {
    expect(it.grok.complaints()).toEqual([])
    it.grok.forget()
  })
  return (name: string, run: Run, ways: readonly Way[] = WAYS): void =>
    describe(name, () => {
      test.each(ways)('%s', (way) =>
        run({
          ...it,
          ...{ way, isChat: way.endsWith('chat'), tell: (wish) => tell(it.client, way, wish) },
        }),
      )
    })
}

/** The same in front of a gateway of its own. */
export const everyWay = (
  name: string,
  run: Run,
  { ways = WAYS, ...options }: WebOptions & { readonly ways?: readonly Way[] } = {},
): void => describe(name, () => inFrontOf(options)('asked by', run, ways))
