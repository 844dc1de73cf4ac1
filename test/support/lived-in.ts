import type { NewAccount } from '#src/store/accounts'
import type { LedgerEntry } from '#src/store/ledger'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import { mp4 } from '../fakes/media/films'
import { png } from '../fakes/media/pictures'
import { chunk, fakeUpstream, type Script, sse, USAGE } from '../fakes/upstream'
import { adminWorld } from './admin'
import { batchOf, entry } from './entries'
import { put } from './object-stores'
import { uploadsTo } from './uploads'

const [MINUTE, HOUR] = [60_000, 3_600_000]
const FILM = 'c0a8e4d2b7164f0f9d3a5e8b1c6f7a20.mp4'

const ANSWER =
  'Sunlight holds all colours. Air scatters **blue** far more than red, because its waves are short, so blue light reaches your eyes from every side.\n\nIn the evening the light comes a longer way:\n\n1. most of the blue is scattered out of it,\n2. what is left is orange and red.'

/** Answers as somebody would like to read them, piece by piece. */
const eloquent: Script = ({ path, body }) => {
  if (path !== '/v1/chat/completions' || !JSON.parse(body).stream) return undefined
  const pieces = ANSWER.match(/\S+\s*/g) ?? []
  const events = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'Rayleigh scattering grows with the fourth power of frequency.' }),
    ...pieces.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    { ...chunk({}), choices: [], usage: { ...USAGE, prompt_tokens: 14, completion_tokens: 71 } },
  ]
  return sse([...events.map((event) => JSON.stringify(event)), '[DONE]'])
}

/** Of every kind, on every tier: as a small team has them. */
const accountsAt = (base: string): readonly (NewAccount & { readonly tags: string[] })[] => {
  const [xai, openai] = [
    { kind: 'xai', baseUrl: base },
    { kind: 'openai', baseUrl: base },
  ] as const
  const web = { kind: 'web', baseUrl: base.replace('/v1', '') } as const
  const models = ['grok-4', 'grok-4-mini']
  return [
    {
      ...xai,
      models,
      name: 'team',
      secret: 'xai-lived-in-000000000000000000007f3a',
      tags: ['paid'],
    },
    {
      ...xai,
      models,
      name: 'reserve',
      secret: 'xai-lived-in-00000000000000000000b21c',
      tags: ['paid'],
    },
    {
      ...openai,
      models: ['qwen3-32b'],
      name: 'gpu-cellar',
      secret: 'sk-lived-in-0000000000c0de',
      tags: ['local'],
    },
    {
      ...web,
      tier: 'heavy',
      name: 'ana',
      secret: 'sso=lived-in-000000000000a41e',
      tags: ['berlin'],
    },
    {
      ...web,
      tier: 'super',
      name: 'boris',
      secret: 'sso=lived-in-0000000000009d07',
      tags: ['berlin'],
    },
    {
      ...web,
      tier: 'super',
      name: 'chen',
      secret: 'sso=lived-in-0000000000004bb2',
      tags: ['shanghai'],
    },
    {
      ...web,
      tier: 'basic',
      name: 'dana',
      secret: 'sso=lived-in-000000000000e6c8',
      tags: ['berlin', 'trial'],
      note: 'Until the end of the year; ask Dana.',
    },
    {
      ...web,
      tier: 'basic',
      name: 'emil',
      secret: 'sso=lived-in-0000000000001f95',
      tags: ['trial'],
    },
    {
      ...web,
      tier: 'basic',
      name: 'fatima',
      secret: 'sso=lived-in-00000000000073d1',
      tags: ['shanghai'],
    },
    { ...web, tier: 'basic', name: 'goran', secret: 'sso=lived-in-0000000000005a6e', tags: [] },
  ]
}

/** Why some of them rest, by name. */
const RESTS = [
  { name: 'reserve', state: 'suspect', reason: '500: Internal error', minutes: 2 },
  { name: 'boris', state: 'cooling', reason: '429: Too many requests', minutes: 12 },
  { name: 'dana', state: 'exhausted', reason: 'The quota of grok-4 is used up', minutes: 94 },
  { name: 'emil', state: 'expired', reason: '401: The session has ended', minutes: null },
  { name: 'fatima', state: 'disabled', reason: '403: This account is blocked', minutes: null },
] as const

/**
 * A gateway as it is after two weeks of work: accounts in every state, keys with limits that are nearly
 * used up, traffic of which some went wrong, media, files, aliases, prices, and what operators did.
 */
export async function livedIn(at: { readonly path?: string } = {}) {
  const upstream = fakeUpstream(eloquent)
  const it = await adminWorld({
    ...at,
    env: { XAI_BASE_URL: upstream.url },
    settings: { keep_content_days: 7 },
  })
  const { accounts, failed } = await filled(it, upstream.url)
  return {
    ...it,
    /** A request that failed at one account and was answered by another. */
    failed,
    account: (name: string) => accounts.get(name) ?? '',
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await upstream.stop()
    },
  }
}

type World = Awaited<ReturnType<typeof adminWorld>>

async function filled(it: World, url: string) {
  const accounts = await withAccounts(it, url)
  const keys = await withKeys(it)
  await withRoutes(it)
  const failed = await withTraffic(it, accounts, keys)
  await withMedia(it)
  await it.app.refresh()
  return { accounts, failed }
}

async function withAccounts(it: World, url: string): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  for (const one of accountsAt(url)) ids.set(one.name, (await it.stores.accounts.add(one)).id)
  const [now, idOf] = [Date.now(), (name: string) => ids.get(name) ?? '']
  await it.stores.accountStates.save(
    RESTS.map(({ name, state, reason, minutes }) => ({
      ...{ accountId: idOf(name), scope: '', state, reason, faults: 1, updatedAt: now - MINUTE },
      until: minutes === null ? null : now + minutes * MINUTE,
    })),
  )
  const left = { ana: 131, boris: 12, chen: 64, dana: 0, fatima: 30, goran: 22 }
  await it.stores.accountQuotas.save(
    Object.entries(left).map(([name, remaining], at) => ({
      ...{
        accountId: idOf(name),
        bucket: 'units grok-4',
        remaining,
        resetAt: now + HOUR + at * MINUTE,
      },
      ...{ limit: name === 'ana' ? 150 : 80, source: 'reported' as const, updatedAt: now - 90_000 },
    })),
  )
  await it.stores.accounts.setEnabled([idOf('goran')], false)
  return ids
}

async function withKeys(it: World): Promise<readonly string[]> {
  const ids: string[] = []
  for (const wish of [
    { name: 'laptop', daily_chat: 500 },
    { name: 'website', requests_per_minute: 120, daily_chat: 2000 },
    { name: 'nightly-report', daily_chat: 60 },
    { name: 'old-bot' },
  ]) {
    const made = (await (await it.api('/keys', { name: wish.name })).json()) as { id: string }
    ids.push(made.id)
  }
  await it.stores.keys.change(ids[1] ?? '', { requestsPerMinute: 120, dailyChat: 2000 })
  await it.api(`/keys/${ids[3]}`, undefined, 'DELETE')
  return ids
}

async function withRoutes(it: World): Promise<void> {
  const targets = [{ model: 'grok-4' }, { model: 'qwen3-32b' }]
  await it.api('/aliases', { name: 'best', targets })
  await it.api('/aliases', { name: 'gpt-4o', targets: [{ model: 'grok-4-mini' }] })
  await it.api('/prices', { model: 'qwen3-32b', input: 0.1, output: 0.3 })
  await it.api('/tokens', { name: 'deploy' })
}

/** More by day than by night, and some that went wrong. */
async function withTraffic(
  it: World,
  accounts: ReadonlyMap<string, string>,
  keys: readonly string[],
): Promise<string> {
  const now = Date.now()
  const names = ['ana', 'chen', 'team', 'boris', 'gpu-cellar']
  const models = ['grok-4', 'grok-4', 'grok-4-mini', 'grok-4', 'qwen3-32b']
  const turns = Array.from({ length: 1_400 }, (_, at): LedgerEntry | undefined => {
    const age = ((1_400 - at) / 1_400) ** 1.3 * 14 * 24 * HOUR
    const time = now - Math.floor(age)
    const hour = new Date(time).getUTCHours()
    if (hour < 6 && at % 3 !== 0) return undefined
    const name = names[(at * 7) % names.length] ?? 'ana'
    const other = accounts.get(name === 'boris' ? 'chen' : 'boris') ?? ''
    const model = models[(at * 7) % models.length] ?? 'grok-4'
    const isFailed = at % 41 === 0
    const isRescued = at % 29 === 0
    const first = { account: other, model, ms: 310, fault: 'refused' as const, status: 429 }
    const said = {
      ...first,
      code: 'rate_limit',
      effect: 'cooling' as const,
      says: 'Too many requests',
    }
    return entry(`req_${at.toString(16).padStart(32, '0')}`, {
      ...{ at: time, model, modelUsed: model, stream: at % 3 !== 0 },
      keyId: keys[at % 5 === 0 ? 1 : at % 7 === 0 ? 2 : 0] ?? 'env',
      endpoint: at % 9 === 0 ? 'responses' : 'chat.completions',
      accountId: accounts.get(name) ?? null,
      kind: name === 'team' ? 'xai' : name === 'gpu-cellar' ? 'openai' : 'web',
      attempts: isFailed || isRescued ? 2 : 1,
      ...((isFailed || isRescued) && {
        attemptLog: [
          said,
          isFailed
            ? {
                ...said,
                account: accounts.get(name) ?? '',
                ms: 95,
                status: 503,
                code: 'overloaded',
              }
            : { account: accounts.get(name) ?? '', model, ms: 700 },
        ],
      }),
      ...(isFailed && {
        outcome: 'failed' as const,
        status: 429,
        errorCode: 'rate_limit_exceeded',
      }),
      firstByteMs: isFailed ? null : (isRescued ? 780 : 260) + ((at * 3_571) % 420),
      totalMs: 1_100 + ((at * 7_919) % 5_200),
      ...{ inputTokens: 700 + ((at * 7_919) % 2_600), outputTokens: 120 + ((at * 3_571) % 480) },
      ...{
        costTicks: 21_000_000 + ((at * 9_700_417) % 140_000_000),
        costSource: 'computed' as const,
      },
    })
  }).filter((turn) => turn !== undefined)
  await it.stores.ledger.append(batchOf(turns))
  const failed =
    turns.findLast(
      ({ attempts, outcome, kind }) => attempts === 2 && outcome === 'done' && kind === 'web',
    )?.requestId ?? ''
  await it.stores.ledger.keep([
    {
      ...{ requestId: failed, at: now },
      request:
        '{"model":"grok-4","messages":[{"role":"user","content":"Why is the sky blue?"}],"stream":true}',
      answer: ANSWER,
    },
  ])
  return failed
}

async function withMedia(it: World): Promise<void> {
  const upload = uploadsTo(it.url)
  for (const name of ['a', 'b', 'c', 'd']) await upload.picture(png(name, 9_000, [96, 64]))
  await upload.file('ferns, and what becomes of them.txt', 'What ferns are.')
  const film = mp4('film', 50_000)
  await put(createObjects({ client: patient(it.client), now: Date.now }), FILM, film)
  const now = Date.now()
  await it.stores.media.publish({
    ...{ name: FILM, sort: 'video', sourceHash: '1', accountId: 'gone', keyId: 'env' },
    ...{
      source: 'https://x.example/v',
      model: 'grok-imagine-1.0',
      fetcher: null,
      fetchUntil: null,
    },
    ...{ mime: 'video/mp4', bytes: film.length, hash: 'f'.repeat(64), createdAt: now, usedAt: now },
  })
}
