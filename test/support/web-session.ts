import { machineConnect } from '#src/cli/machine-connect'
import type { UpstreamFault } from '#src/errors'
import { NO_EXTRAS } from '#src/extras'
import { readObject } from '#src/json'
import { createFetchGuard } from '#src/net/fetch-guard'
import { createGuardedOpen } from '#src/net/guarded-open'
import { createHttp } from '#src/net/http'
import type { Account } from '#src/pool/account'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import { decodeChat } from '#src/turn/chat/decode'
import type { ChatRequest } from '#src/turn/chat/schema'
import type { TurnEvent } from '#src/turn/event'
import { decodeResponses } from '#src/turn/responses/decode'
import { readInput } from '#src/turn/responses/input'
import type { ResponsesRequest } from '#src/turn/responses/schema'
import type { Ask, Upstream } from '#src/upstream/upstream'
import { createWeb } from '#src/upstream/web/web'
import type { FakeGrokWeb } from '../fakes/grok-web'
import { account } from './accounts-pool'
import { unpublished } from './media-cache'

/** A word a token. */
const tokenizer = {
  count: (text: string) => text.match(/\S+/g)?.length ?? 0,
  split: (text: string) => text.match(/\s*\S+/g) ?? [],
}

interface Called {
  readonly url: string
  readonly headers: Headers
}

/** The upstream `web` in front of a fake of grok.com, with everything real between them. */
export function webSession(grok: FakeGrokWeb, given: Partial<Settings> = {}) {
  let settings: Settings = { ...DEFAULT_SETTINGS, ...given }
  let time = Date.now()
  let ids = 0
  const called: Called[] = []
  const calling = (url: string, init: RequestInit) => {
    called.push({ url, headers: new Headers(init.headers) })
    return fetch(url, init)
  }
  const guard = { fetch: calling, resolve: async () => ['127.0.0.1'], isAllowed: () => true }
  const http = createHttp(calling)
  const web: Upstream = createWeb({
    http,
    connect: machineConnect(),
    // Without a database nothing has an address of ours.
    show: unpublished({
      http,
      openPublic: createGuardedOpen(guard),
      upstream: () => web,
      accountOf: () => sessionOf(),
      assetsUrl: grok.assetsUrl,
      settings: () => settings,
    }).show,
    readOwn: async () => undefined,
    fetchPublic: createFetchGuard(guard),
    tokenizer: async () => tokenizer,
    settings: () => settings,
    now: () => time,
    newId: () => `id-${++ids}`,
    assetsUrl: grok.assetsUrl,
  })

  const sessionOf = (name = 'one', fields: Partial<Account> = {}): Account =>
    account(name, {
      kind: 'web',
      baseUrl: grok.url,
      secret: () => grok.account(name).sso,
      extras: () => NO_EXTRAS,
      models: null,
      ...fields,
    })

  interface Manner {
    readonly account?: Account
    readonly abort?: AbortController
    readonly stream?: boolean
  }

  const begin = (ask: Ask, { account = sessionOf(), abort, stream = true }: Manner = {}) =>
    web.ask({
      account,
      ask,
      model: ask.dialect === 'chat' ? ask.request.value.model : ask.request.model,
      listed: () => undefined,
      stream,
      keyId: 'k1',
      origin: () => 'https://groxy.example',
      abort: abort ?? new AbortController(),
    })

  async function tell(ask: Ask, manner?: Manner) {
    const reply = await begin(ask, manner)
    if (reply.form !== 'events') throw new Error('That is no answer in events.')
    const events: TurnEvent[] = []
    for await (const event of reply.events) events.push(event)
    return { events, text: textOf(events), dropped: reply.dropped ?? [] }
  }

  return {
    web,
    begin,
    tell,
    sessionOf,
    /** Every call that went out, in order. */
    called,
    set(next: Partial<Settings>) {
      settings = { ...settings, ...next }
    },
    sleep(ms: number) {
      time += ms
    },
    /** The body of the last conversation that was begun. */
    asked: () => grok.chats().at(-1)?.body as Record<string, unknown>,
    /** Why a turn is refused. */
    refusal: (ask: Ask, manner?: Manner): Promise<Refusal> =>
      tell(ask, manner).then(
        () => Promise.reject(new Error('It was not refused.')),
        (cause: Refusal) => cause,
      ),
  }
}

type Refusal = UpstreamFault & { readonly status?: number }

const textOf = (events: readonly TurnEvent[]): string =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('')

/** A chat as it comes in. */
export function chatAsk(request: object): Ask {
  const whole = { model: 'grok-4', messages: [{ role: 'user', content: 'Hello' }], ...request }
  const object = readObject(JSON.stringify(whole))
  const value = object.value as ChatRequest
  return {
    dialect: 'chat',
    request: { ...object, value },
    turn: () => decodeChat(value, value.model),
  }
}

/** A turn of the Responses API as it comes in. */
export function responsesAsk(request: object): Ask {
  const whole = { model: 'grok-4', input: 'Hello', ...request } as ResponsesRequest
  const items = readInput(whole.input, () => 'id')
  return {
    dialect: 'responses',
    request: whole,
    items,
    turn: () => decodeResponses(whole, items, whole.model),
  }
}

/** A part with a picture. */
export const pictured = (url: string) => ({ type: 'image_url', image_url: { url } })

/** A message of the user with text and parts. */
export const says = (text: string, ...parts: readonly object[]) => ({
  role: 'user' as const,
  content: [{ type: 'text', text }, ...parts],
})

export const dataUrl = (mime: string, bytes: Uint8Array): string =>
  `data:${mime};base64,${bytes.toBase64()}`
