import { fakeGrokWeb } from '../fakes/grok-web'
import { type Fault, fakeXaiMedia } from '../fakes/xai-media'
import { type createCrowd, type Member, steadily } from './chaos'
import { fakeLister } from './chaos-lister'
import { emptyFolder, groxy } from './executable'
import { xaiAt } from './gateway'
import { INSTANCE_ENV, type SharedDatabase } from './instances'
import { KEY } from './key'
import { until } from './programs'
import { VIDEO_MODEL, type WireVideo } from './videos-http'

/** Accounts whose lists one instance is asking for when it is killed, as many as take it a minute. */
const HELD = { groups: 5, each: 16 }
/** Accounts that come to three instances at the same time. */
export const SHARED = 20
export const REFUSED = 6
/** Videos that are begun so shortly before a fault that they are under way in it. */
export const FILMED = 3
/** As long as xAI says that these are pending they live through every fault. */
const LONG_POLLS = 7
const UNNOTED_MS = 6_000
/** What each of the sessions is used for, all out of one quota, so that every instance uses all of them. */
export const SESSIONS = ['grok-4-expert', 'grok-4-fast', 'expert']

/** A video that was asked for. */
export interface Film {
  readonly id: string
  readonly prompt: string
  readonly member: Member
}

interface Parts {
  readonly crowd: ReturnType<typeof createCrowd>
  readonly database: SharedDatabase
  /** Ask the admin API of an instance. */
  readonly operate: (member: Member, path: string, body?: unknown) => Promise<unknown>
}

/** What is done behind turns while instances come and go: videos, jobs, and what upstreams are asked. */
export function createWorks() {
  const xai = fakeXaiMedia()
  const lister = fakeLister()
  const grok = fakeGrokWeb({ accounts: SESSIONS.map((name) => ({ name })) })
  const films: Film[] = []
  const strange: string[] = []
  /** What was noted of the videos when the instance died. */
  const noted = new Map<string, boolean>()
  let refresher = ''
  let diedAt = Number.POSITIVE_INFINITY
  let parts: Parts

  // Begun, and its answer does not come before the one that asked is dead.
  const late: Fault = async ({ call, right }) => {
    const reply = await right()
    const isFirst = begun(String(call.body.prompt)).length === 1
    if (String(call.body.prompt).startsWith('unnoted') && isFirst) await Bun.sleep(UNNOTED_MS)
    return reply
  }
  xai.always('videos.generations', late)

  /** The times at which a video was begun upstream. */
  const begun = (prompt: string): readonly number[] =>
    xai
      .callsOf('videos.generations')
      .filter(({ body }) => body.prompt === prompt)
      .map(({ at }) => at)

  const importAt = (member: Member, accounts: readonly object[]) =>
    parts.operate(member, '/accounts/import', { text: JSON.stringify({ accounts }) })

  const listedBy = (server: string, word: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      ...{ kind: 'openai', name: `${server}-${at}`, token: `sk-${word}-${server}-${at}` },
      base_url: lister.urlOf(server),
    }))

  const jobRow = async () =>
    (await parts.database.rows("SELECT * FROM jobs WHERE name = 'models'"))[0]

  /** Ask an instance for a video; whoever is not there now says so. */
  async function film(member: Member, prompt: string): Promise<void> {
    const reply = await fetch(`${member.server.url}/v1/videos`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: VIDEO_MODEL, prompt }),
    }).catch(() => undefined)
    if (!reply) {
      if (!member.wasKilled) strange.push(`${prompt}: no answer of ${member.name}`)
      return
    }
    const text = await reply.text()
    if (reply.ok) films.push({ id: JSON.parse(text).id, prompt, member })
    else if (!text.includes('not_ready')) strange.push(`${prompt}: ${reply.status} ${text}`)
  }

  /** Videos that take long, under way at an instance. */
  async function filmLong(member: Member, name: string): Promise<void> {
    const prompts = Array.from({ length: FILMED }, (_, at) => `${name} ${at}.`)
    xai.films(...prompts.map(() => ({ pollsUntilDone: LONG_POLLS })))
    await Promise.all(prompts.map((prompt) => film(member, prompt)))
    const ids = () => films.filter(({ prompt }) => prompts.includes(prompt)).map(({ id }) => id)
    await until(async () => {
      const rows = await noteRows()
      return ids().length === FILMED && ids().every((id) => rows.get(id)) ? true : undefined
    })
  }

  /** Of each video whether what xAI calls it is noted. */
  async function noteRows(): Promise<ReadonlyMap<string, boolean>> {
    const rows = await parts.database.rows('SELECT id, upstream_id FROM videos')
    return new Map(rows.map(({ id, upstream_id: upstream }) => [String(id), upstream !== null]))
  }

  return {
    ...{ films, lister, grok, noted, strange, begun, jobRow },
    /** What instances are to be started with. */
    env: xaiAt(xai.url),
    refresher: (): string => refresher,
    diedAt: (): number => diedAt,

    /** Have the only instance that there is yet ask for many lists, which takes it longer than it lives. */
    async refreshAt(member: Member, given: Parts): Promise<void> {
      parts = given
      const groups = Array.from({ length: HELD.groups }, (_, at) => `group-${at}`)
      await importAt(
        member,
        groups.flatMap((group) => listedBy(group, 'held', HELD.each)),
      )
      const most = HELD.groups * HELD.each
      await until(async () => lister.countsOf('held').size === most || undefined, 30_000)
      await until(async () => (await jobRow())?.state === 'done' || undefined, 30_000)
      lister.hold()
      const { code, stderr } = await groxy(emptyFolder(), ['jobs', 'run', 'models'], {
        ...INSTANCE_ENV,
        DATABASE_URL: parts.database.url,
      })
      if (code !== 0) throw new Error(stderr)
      const row = await until(async () => {
        const found = await jobRow()
        return found?.state === 'running' ? found : undefined
      })
      refresher = String(row.instance)
    },

    /** What three instances hear of at the same time, and one of them is to ask about. */
    async share(): Promise<void> {
      const [first, second] = parts.crowd.alive()
      if (!first || !second) throw new Error('There are not two.')
      const refused = listedBy('refusing', 'refused', REFUSED).map((account, at) => ({
        ...account,
        models: [`refused-${at}`],
      }))
      const sessions = SESSIONS.map((name) => ({
        ...{ kind: 'web', name, token: grok.account(name).sso, base_url: grok.url },
        models: [name],
      }))
      await importAt(first, [...listedBy('shared', 'shared', SHARED), ...refused, ...sessions])
      // Whoever was refused once is asked about.
      for (let at = 0; at < REFUSED; at++)
        await until(async () => {
          await ask(second, `refused-${at}`)
          const [row] = await parts.database.rows('SELECT count(*) AS count FROM account_states')
          return Number(row?.count) > at || undefined
        })
      // All begins anew where it is asked for while it goes on.
      await parts.operate(first, '/system/jobs/models/run', {}).catch(() => {})
    },

    /** Nobody asks about those any more who were refused: who dies over it is followed by another. */
    judged: () =>
      until(async () => {
        const [row] = await parts.database.rows(
          "SELECT count(*) AS count FROM account_states WHERE state = 'expired'",
        )
        return Number(row?.count) === REFUSED || undefined
      }, 30_000),

    /** Have every session used through an instance. */
    async use(member: Member): Promise<void> {
      for (const model of SESSIONS) {
        const status = await ask(member, model)
        if (status !== 200) strange.push(`${model} at ${member.name}: ${status}`)
      }
    },

    film: () =>
      steadily(0.5, (number) => {
        const all = parts.crowd.alive()
        const member = all[number % all.length]
        return member ? film(member, `steady ${number}.`) : Promise.resolve()
      }),

    filmLong,

    /** One that is begun upstream and of which nobody knows yet that it is. */
    async filmUnnoted(member: Member): Promise<void> {
      void film(member, 'unnoted.')
      await until(async () => begun('unnoted.').length > 0 || undefined)
    },

    /** The instance that asks for lists was killed. */
    async died(): Promise<void> {
      diedAt = Date.now()
      lister.release()
      for (const [id, isNoted] of await noteRows()) noted.set(id, isNoted)
    },

    /** What became of all videos, at an instance. */
    filmed: (member: Member): Promise<readonly WireVideo[]> =>
      until(async () => {
        const all = await Promise.all(
          films.map(async ({ id }) => {
            const headers = { authorization: `Bearer ${KEY}` }
            const reply = await fetch(`${member.server.url}/v1/videos/${id}`, { headers })
            return (await reply.json()) as WireVideo
          }),
        )
        return all.some(({ status }) => ['queued', 'in_progress'].includes(status))
          ? undefined
          : all
      }, 60_000),

    async [Symbol.asyncDispose]() {
      await Promise.all([xai.stop(), lister[Symbol.asyncDispose](), grok.stop()])
    },
  }
}

export type Works = ReturnType<typeof createWorks>

/** Take a turn, and say what came of it. */
async function ask({ server }: Member, model: string): Promise<number> {
  const reply = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await reply.text()
  return reply.status
}
