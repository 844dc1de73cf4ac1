import { expect } from 'bun:test'
import OpenAI from 'openai'
import { secretOf } from '../fakes/pool'
import { logIn } from '../support/admin-session'
import { until } from '../support/programs'
import { responsesAt } from '../support/responses-http'
import { videosAt } from '../support/videos-http'
import type { Fakes } from './fakes'

/** The operator's password at every target. */
export const PASSWORD = 'a password for every target'

/** What a target is started with, so that it finds the fakes. */
export const environmentOf = (fakes: Fakes) => ({
  GROXY_SECRET: 'a secret for every target',
  ADMIN_PASSWORD: PASSWORD,
  WEB_ASSETS_URL: fakes.web.assetsUrl,
  XAI_BASE_URL: fakes.own.url,
  METRICS_TOKEN: 'metrics-token-0123456789',
})

/** Within which time a change of a key, a setting or an account is honoured everywhere. */
const HONOURED_MS = 3_000
/** However many answer at the address: so many answers in a row are those of all. */
const IN_A_ROW = 4

/** Wait until a change is honoured by whoever answers, which is to be within three seconds. */
export async function honoured(isSo: () => Promise<boolean>, patienceMs = HONOURED_MS) {
  let row = 0
  await until(async () => {
    row = (await isSo()) ? row + 1 : 0
    return row === IN_A_ROW || undefined
  }, patienceMs)
}

/** Model lists are asked for behind the requests, by one who takes it upon itself. */
const LISTED_MS = 30_000

/** A model of each account, by which it is known that its list has come. */
const MODELS = ['talk', 'reply', 'shared', 'grok-imagine-image', 'gpt-image-1', 'grok-4.1']

interface NewKey {
  readonly id: string
  readonly name: string
  readonly secret: string
  readonly revision: number
}

type Body = object | string | FormData | undefined

/** All that a test may know: an address, a key, the operator's password, and the fakes behind. */
export async function openWorld(url: string, fakes: Fakes) {
  const admin = await logIn({ url }, PASSWORD)
  const made = async <T = { id: string }>(path: string, body: object): Promise<T> => {
    const answer = await admin.api(path, body)
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json() as Promise<T>
  }

  /** Keys with these fields, once they are honoured. */
  async function newKeys<Name extends string>(wanted: Readonly<Record<Name, object>>) {
    const keys = {} as Record<Name, NewKey & ReturnType<typeof client>>
    for (const name of Object.keys(wanted) as Name[]) {
      const unique = `${name} ${crypto.randomUUID().slice(0, 8)}`
      const key = await made<NewKey>('/keys', { name: unique, ...wanted[name] })
      keys[name] = { ...key, ...client(key.secret) }
    }
    for (const { get } of Object.values<ReturnType<typeof client>>(keys))
      await honoured(async () => (await get('/v1/models')).status === 200)
    return keys
  }
  const newKey = async (fields: object = {}) => (await newKeys({ key: fields })).key

  function ask(
    key: string | undefined,
    method: string,
    path: string,
    body?: Body,
    init?: RequestInit,
  ) {
    const isForm = body instanceof FormData
    const headers = {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
    }
    const sent =
      body === undefined || isForm || typeof body === 'string' ? body : JSON.stringify(body)
    return fetch(url + path, {
      method,
      ...(sent !== undefined && { body: sent }),
      ...init,
      headers: { ...headers, ...(init?.headers as Record<string, string> | undefined) },
    })
  }

  /** Everything that a program can do with a key. */
  const client = (key: string) => ({
    key,
    sdk: new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 }),
    responses: responsesAt({ url }, key),
    videos: videosAt(url, key),
    get: (path: string, init?: RequestInit) => ask(key, 'GET', path, undefined, init),
    post: (path: string, body?: Body, init?: RequestInit) => ask(key, 'POST', path, body, init),
    remove: (path: string, init?: RequestInit) => ask(key, 'DELETE', path, undefined, init),
    call: (method: string, path: string, body?: Body, init?: RequestInit) =>
      ask(key, method, path, body, init),
  })

  for (const account of accountsOf(fakes)) await made('/accounts', account)
  const { first, other } = await newKeys({ first: {}, other: {} })
  await honoured(async () => {
    const { data } = (await (await first.get('/v1/models')).json()) as { data: { id: string }[] }
    return MODELS.every((id) => data.some((model) => model.id === id))
  }, LISTED_MS)
  return {
    ...first,
    /** Somebody else, who has nothing of his own. */
    other,
    url,
    fakes,
    admin,
    newKey,
    newKeys,
    client,
    /** A call of somebody without a key, or with a strange one. */
    stranger: (method: string, path: string, body?: Body, key?: string) =>
      ask(key, method, path, body),
    /** What an operator reads, which has to be there. */
    async read<T = Json>(path: string): Promise<T> {
      const answer = await admin.api(path)
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
      return answer.json() as Promise<T>
    },
    honoured,
    /** Wait until a call is in the log of the operator, and stands there as it is to. */
    async logged(id: string, wanted: object): Promise<void> {
      const row = await until(async () => {
        const answer = await admin.api(`/requests/${id}`)
        const { data } = (await answer.json()) as { data?: readonly Json[] }
        return answer.status === 200 ? data?.[0] : undefined
      })
      expect(row).toMatchObject(wanted)
    },
    /** Change settings, do something while they hold, and put them back. */
    async having(settings: Record<string, unknown>, work: () => Promise<void>): Promise<void> {
      const put = async (values: Record<string, unknown>) => {
        const { revision } = (await (await admin.api('/settings')).json()) as { revision: number }
        const answer = await admin.api('/settings', { revision, settings: values }, 'PATCH')
        if (answer.status !== 200) throw new Error(`settings: ${await answer.text()}`)
      }
      await put(settings)
      try {
        await work()
      } finally {
        await put(Object.fromEntries(Object.keys(settings).map((name) => [name, null])))
      }
    },
  }
}

export type Json = Record<string, unknown>
export type World = Awaited<ReturnType<typeof openWorld>>

/** How an area gets at the world of its target, which begins after the tests are named. */
export type Target = () => World

const accountsOf = ({ chat, responses, xai, openai, web, ...pools }: Fakes) => [
  {
    ...{ kind: 'openai', name: 'chat', base_url: chat.url, secret: 'sk-chat-account-1' },
    ...{ api: 'chat', models: ['talk', 'talk-mini'] },
  },
  {
    ...{ kind: 'openai', name: 'responses', base_url: responses.url, secret: 'sk-reply-account-1' },
    ...{ api: 'responses', models: ['reply'] },
  },
  { kind: 'xai', name: 'xai', base_url: xai.url, secret: 'xai-media-account-0123456789' },
  { kind: 'openai', name: 'openai', base_url: openai.url, secret: 'sk-media-account-1' },
  { kind: 'web', name: 'web', base_url: web.url, secret: web.account('one').sso, tier: 'super' },
  ...[pools.pool, pools.failing, pools.faulty].flatMap((pool) =>
    pool.accounts().map(({ name }) => ({
      ...{ kind: 'openai', name, base_url: pool.url, secret: secretOf(name), api: 'chat' },
      models: [pool === pools.pool ? 'shared' : name.replace(/-(?:bad|good)$/, '')],
    })),
  ),
]
