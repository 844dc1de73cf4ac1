import { expect } from 'bun:test'
import OpenAI from 'openai'
import { type AccountOptions, fakeGrokWeb } from '../fakes/grok-web'
import { gateway, KEY } from './gateway'

export interface WebOptions {
  readonly accounts?: readonly AccountOptions[]
  readonly settings?: Record<string, unknown>
  /** Where the database is, to come back to it. */
  readonly path?: string
  readonly clock?: () => number
}

/**
 * A gateway with the sessions of a fake of grok.com, the SDK in front of it, and a clock that can be put
 * forward. At the end of the scope the fake must have nothing to complain of.
 */
export async function webGateway(options: WebOptions = {}) {
  const { accounts = [{ name: 'one' }], settings = {}, path, clock = Date.now } = options
  await using stack = new AsyncDisposableStack()
  let ahead = 0
  const now = () => clock() + ahead
  const grok = stack.use(fakeGrokWeb({ accounts, now }))
  const begin = () =>
    gateway({
      env: { WEB_ASSETS_URL: grok.assetsUrl },
      settings,
      now,
      reachable: (address) => address === '127.0.0.1',
      ...(path !== undefined && { path }),
    })
  const it = stack.use(await begin())
  const ids = new Map<string, string>()
  async function add(sessions: readonly AccountOptions[]): Promise<void> {
    for (const { name, tier } of sessions) {
      const secret = grok.account(name).sso
      const wanted = { kind: 'web', name, baseUrl: grok.url, secret, tier } as const
      const { id } = await it.stores.accounts.add(wanted)
      ids.set(id, name)
    }
    await it.app.refresh()
  }
  await add(accounts)
  const kept = stack.move()
  return {
    ...it,
    grok,
    now,
    sdk: new OpenAI({ baseURL: `${it.url}/v1`, apiKey: KEY, maxRetries: 0 }),
    /** The body of the last conversation that was begun. */
    asked: () => (grok.chats().at(-1)?.body ?? {}) as Record<string, unknown>,
    /** What that was told, block by block. */
    blocks: () =>
      String((grok.chats().at(-1)?.body as Record<string, unknown> | undefined)?.message).split(
        '\n\n',
      ),
    /** A second gateway over the same accounts. */
    again: begin,
    /** Other sessions in place of those that were there: nothing is held against these. */
    async replace(sessions: readonly AccountOptions[]): Promise<void> {
      await it.stores.accounts.remove([...ids.keys()])
      ids.clear()
      await it.app.refresh()
      grok.clearScripts()
      grok.forget()
      for (const session of sessions) grok.add(session)
      await add(sessions)
    },
    /** What a machine does every two seconds, a number of times. */
    async look(times = 1, ms = 2_000): Promise<void> {
      for (let time = 0; time < times; time++) {
        ahead += ms
        await it.app.refresh()
      }
    },
    /** What is held against the sessions, and for how many hours from now. */
    async held() {
      await it.app.flush()
      const { rows } = await it.client.execute('SELECT * FROM account_states WHERE faults > 0')
      const known = rows.filter(({ account_id: id }) => ids.has(String(id)))
      return known.map(({ account_id: id, scope, state, until, reason }) => ({
        name: ids.get(String(id)),
        scope,
        state,
        reason: String(reason),
        hours: until === null ? null : Math.round(((Number(until) - now()) / HOUR_MS) * 10) / 10,
      }))
    },
    /** What the gateway believes is left of a quota. */
    async left(bucket = 'units grok-4') {
      await it.app.flush()
      const sql = 'SELECT * FROM account_quotas WHERE bucket = ?'
      const { rows } = await it.client.execute({ sql, args: [bucket] })
      return Object.fromEntries(
        rows.map(({ account_id: id, remaining }) => [ids.get(String(id)), remaining]),
      )
    },
    async [Symbol.asyncDispose]() {
      const complaints = grok.complaints()
      await kept.disposeAsync()
      expect(complaints).toEqual([])
    },
  }
}

export type WebGateway = Awaited<ReturnType<typeof webGateway>>

const HOUR_MS = 3_600_000
