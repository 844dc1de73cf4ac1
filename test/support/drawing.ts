import { createHttp } from '#src/net/http'
import type { Account } from '#src/pool/account'
import type { PictureEvent, PictureInput, PictureRequest } from '#src/turn/picture'
import { createOpenAi } from '#src/upstream/openai/openai'
import type { Upstream } from '#src/upstream/upstream'
import { createXai } from '#src/upstream/xai/xai'
import { account } from './accounts-pool'

const parts = { http: createHttp(fetch), now: Date.now }

/** What the two kinds that are asked over HTTP are asked through. */
export const UPSTREAMS = { xai: createXai(parts), openai: createOpenAi(parts) } as const

/** An account at a fake. */
export const accountAt = (url: string, fields: Partial<Account> = {}): Account =>
  account('one', { baseUrl: url, secret: () => 'key-1', models: null, ...fields })

/** New pictures, unless something else is said. */
export const wanted = (fields: Partial<PictureRequest> = {}): PictureRequest => ({
  work: 'generate',
  prompt: 'A fox in the snow',
  pictures: [],
  mask: undefined,
  size: undefined,
  ratio: undefined,
  resolution: undefined,
  quality: undefined,
  outputFormat: undefined,
  partials: 0,
  others: {},
  ...fields,
})

export const input = (
  bytes: Uint8Array<ArrayBuffer>,
  name = 'fox.png',
  param = 'image',
): PictureInput => ({ bytes, mime: 'image/png', name, param })

interface Manner {
  readonly model: string
  readonly request?: Partial<PictureRequest>
  readonly count?: number
  readonly account?: Partial<Account>
  readonly abort?: AbortController
}

/** What an upstream says while it draws. */
export async function drawn(
  kind: keyof typeof UPSTREAMS,
  url: string,
  { model, request, count = 1, account: fields, abort = new AbortController() }: Manner,
): Promise<readonly PictureEvent[]> {
  const { pictures }: Upstream = UPSTREAMS[kind]
  const call = { account: accountAt(url, { kind, ...fields }), model, count, abort }
  const events: PictureEvent[] = []
  for await (const event of pictures?.draw({ ...call, request: wanted(request), step() {} }) ?? [])
    events.push(event)
  return events
}

/** Why it does not. */
export const refusal = (...asked: Parameters<typeof drawn>): Promise<unknown> =>
  drawn(...asked).then(
    () => Promise.reject(new Error('It was not refused.')),
    (cause) => cause,
  )
