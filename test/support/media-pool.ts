import OpenAI from 'openai'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { fakeXaiMedia } from '../fakes/xai-media'
import { gateway, KEY } from './gateway'

interface Options {
  /** Names of the accounts at xAI, and at a server of OpenAI's; their keys are `key-…`. */
  readonly xai?: readonly string[]
  readonly openai?: readonly string[]
  /** The only models of either server; the fakes' own if left out. */
  readonly models?: readonly string[]
  /** The dialects that the server of OpenAI's speaks, if others than are usual. */
  readonly api?: 'both' | 'responses'
  /** What the server of OpenAI's does not have. */
  readonly lacks?: readonly 'files'[]
  readonly now?: () => number
  readonly settings?: Record<string, unknown>
}

/** A gateway with accounts at fakes of the servers that make media, and the SDK in front of it. */
export async function mediaPool(options: Options) {
  const { xai = [], openai = [], models, lacks = [], api, now, settings = {} } = options
  await using stack = new AsyncDisposableStack()
  const keysOf = (names: readonly string[]) => names.map((name) => `key-${name}`)
  const grok = stack.use(fakeXaiMedia({ keys: keysOf(xai) }))
  const open = stack.use(
    fakeOpenAiMedia({ keys: keysOf(openai), lacks, ...(models && { models }) }),
  )
  const it = stack.use(
    await gateway({
      settings,
      reachable: (address) => address === '127.0.0.1',
      ...(now && { now }),
    }),
  )
  const ids = new Map<string, string>()
  for (const [kind, names, url] of [
    ['xai', xai, grok.url],
    ['openai', openai, open.url],
  ] as const)
    for (const name of names) {
      const wanted = { kind, name, baseUrl: url, secret: `key-${name}` }
      const spoken = kind === 'openai' && api ? { api } : {}
      const { id } = await it.stores.accounts.add({ ...wanted, ...spoken })
      ids.set(id, name)
    }
  await it.app.refresh()
  const kept = stack.move()
  return {
    ...it,
    /** The fake of xAI, and that of OpenAI. */
    grok,
    open,
    sdk: new OpenAI({ baseURL: `${it.url}/v1`, apiKey: KEY, maxRetries: 0 }),
    /** What is held against which account. */
    async held(): Promise<readonly string[]> {
      await it.app.flush()
      const states = await it.stores.accountStates.all()
      return states.map(({ accountId, state }) => `${ids.get(accountId)} ${state}`)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
