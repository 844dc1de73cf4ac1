import { faultFields, type Log } from '../log'
import { inParallel } from '../parallel'
import type { Account, Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { ModelList, ModelLists, UpstreamModel } from '../store/model-lists'
import { createHorizon } from '../store/pulse'
import type { Upstream } from '../upstream/upstream'
import { inquire, PARALLEL } from './inquiry'
import { jittered } from './jitter'
import {
  ASKED_EACH_TIME,
  commonList,
  dropList,
  type Group,
  groupName,
  isLarge,
  keepList,
  type Listed,
  slowness,
} from './model-groups'
import type { Job } from './runner'
import { againAt, type Sharing } from './sharing'

interface RefreshParts {
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly modelLists: ModelLists
  readonly sharing: Sharing
  /** How many instances share what is asked in turn. */
  readonly instances: () => number
  readonly isOn: () => boolean
  readonly maxAgeMs: () => number
  readonly now: () => number
  readonly random: () => number
  /** Over how long the lists that grew old while nothing ran are asked for again. */
  readonly spreadMs: number
  readonly log: Log
}

/** How soon an upstream is asked again that did not answer. */
const RETRY_MS = 60_000
/** Lists that others fetched are stored a little later, and clocks differ. */
const OVERLAP_MS = 60_000
/** What was learnt is told and stored so often at most: the catalog is made anew each time. */
const TELL_MS = 1_000
/** Instances that look a little early still find that it was time. */
const ALMOST = 0.9

/**
 * Keeps the accounts' model lists fresh. An upstream that does not answer changes nothing: its last
 * good list stays, over outages and restarts.
 *
 * Up to twenty accounts of one upstream are each asked when their list is old. Of more, about
 * twenty are asked in that time, in turn, and the others are taken to offer what most do until it is
 * their turn: ten thousand keys of one upstream are no reason to ask it ten thousand times.
 */
export function createModelRefresh(parts: RefreshParts) {
  const { pool, catalog, upstreams, modelLists, sharing, maxAgeMs, now, random, log } = parts
  const groups = new Map<string, Group>()
  const accounts = new Map<string, Listed>()
  const horizon = createHorizon(OVERLAP_MS)
  let earliest = 0
  let isBegun = false
  /** What this instance has taken on, and not begun. */
  let taken: readonly Listed[] | undefined

  const groupOf = (account: Account): Group => {
    const name = groupName(account)
    const group = groups.get(name) ?? { members: new Map(), lists: new Map() }
    groups.set(name, group)
    return group
  }

  /** By how much an account is asked more seldom by this instance; others ask others of a large group. */
  const slownessOf = (group: Group): number =>
    isLarge(group) ? slowness(group) * parts.instances() : 1

  function drop(id: string, listed: Listed): void {
    const group = groupOf(listed.account)
    dropList(group, listed)
    group.members.delete(id)
    accounts.delete(id)
    if (group.members.size === 0) groups.delete(groupName(listed.account))
  }

  /** Tell the catalog what is new: own lists, and for those who have none what most offer. */
  function tell(): void {
    const news: [string, readonly UpstreamModel[]][] = []
    for (const group of groups.values()) {
      const common = isLarge(group) ? commonList(group) : undefined
      for (const [id, listed] of group.members) {
        const list = listed.own ?? common
        if (!list || list === listed.told) continue
        listed.told = list
        news.push([id, list])
      }
    }
    if (news.length > 0) catalog.learn(news)
  }

  /** New accounts are asked at once, but for those of a large group whose list is known, or soon is. */
  function giveTurns(added: Iterable<Listed>): void {
    const first = new Map<Group, number>()
    for (const listed of added) {
      const group = groupOf(listed.account)
      if (!isLarge(group) || listed.dueAt > 0) continue
      const asked = first.get(group) ?? 0
      first.set(group, asked + 1)
      if (group.lists.size === 0 && asked < ASKED_EACH_TIME) continue
      listed.dueAt = now() + random() * maxAgeMs() * slownessOf(group)
    }
  }

  /** Learn what is stored, as far as the accounts are still the same. */
  async function recall(): Promise<void> {
    const isFirst = !isBegun
    const at = now()
    const stored = await modelLists.since(horizon.since())
    learn(stored, isFirst)
    horizon.seen(
      stored.map(({ fetchedAt }) => fetchedAt.getTime()),
      at,
    )
    isBegun = true
  }

  /** Take lists for those of their accounts, as far as these are still the same. */
  function learn(lists: Iterable<ModelList>, isFirst: boolean): void {
    const notBefore = isFirst ? () => now() + random() * parts.spreadMs : () => 0
    for (const { accountId, baseUrl, models, fetchedAt } of lists) {
      const listed = accounts.get(accountId)
      if (listed?.account.baseUrl !== baseUrl) continue
      const group = groupOf(listed.account)
      keepList(group, listed, models)
      const dueAt = fetchedAt.getTime() + jittered(maxAgeMs() * slownessOf(group), random)
      listed.dueAt = Math.max(listed.dueAt, dueAt, notBefore())
    }
    if (isFirst) giveTurns(accounts.values())
    tell()
  }

  /** Ask one account's upstream; gives what is to be stored. */
  async function refresh(listed: Listed, signal: AbortSignal): Promise<ModelList | undefined> {
    const { account } = listed
    const { id, kind, name, baseUrl } = account
    const group = groupOf(account)
    listed.dueAt = now() + jittered(RETRY_MS * slownessOf(group), random)
    try {
      const models = await inquire(signal, (abort) => upstreams[kind].models(account, abort))
      if (accounts.get(id) !== listed) return
      listed.dueAt = now() + jittered(maxAgeMs() * slownessOf(group), random)
      const isNew = keepList(group, listed, models)
      log.debug('models', { account: name, kind, models: models.length })
      // In a large group those that offer what all do need no row of their own.
      if (kind === 'demo' || (isLarge(group) && !isNew && listed.own === commonList(group))) return
      return { accountId: id, baseUrl, models, fetchedAt: new Date(now()) }
    } catch (cause) {
      if (!signal.aborted) log.warn('models_failed', { account: name, kind, ...faultFields(cause) })
      return
    }
  }

  /** Of a large group that is known each instance asks some; all others are asked by whoever comes first. */
  const isShared = ({ account }: Listed): boolean => {
    const group = groupOf(account)
    return account.kind !== 'demo' && !(isLarge(group) && group.lists.size > 0)
  }

  /** Those that are due, or all, and that no other instance asks. */
  async function take(asked: boolean): Promise<readonly Listed[]> {
    // Another instance may have asked already.
    await recall().catch((cause) => log.warn('database_unreachable', faultFields(cause)))
    const due = [...accounts.values()].filter(({ dueAt }) => asked || dueAt <= now())
    const since = asked ? now() : now() - RETRY_MS * ALMOST
    const wanted = due.filter(isShared).map((listed) => ({ subject: subjectOf(listed), since }))
    const others = await sharing.take('models', wanted)
    if (asked || others.size === 0) return due
    return due.filter((listed) => {
      const other = others.get(subjectOf(listed))
      if (other) listed.dueAt = Math.max(now(), againAt(other, jittered(RETRY_MS, random)))
      return !other
    })
  }

  function findEarliest(): void {
    earliest = Number.POSITIVE_INFINITY
    for (const { dueAt } of accounts.values()) earliest = Math.min(earliest, dueAt)
  }

  const job: Job = {
    name: 'models',
    isOn: parts.isOn,
    dueAt: () => earliest,

    async reserve() {
      taken = await take(false)
      if (taken.length === 0) findEarliest()
      return taken.length > 0
    },

    async run(signal, progress, asked) {
      const due = (!asked && taken) || (await take(asked))
      taken = undefined
      const unsaved: ModelList[] = []
      let done = 0
      let toldAt = 0
      const flush = async () => {
        toldAt = now()
        tell()
        await modelLists
          .save(unsaved.splice(0))
          .catch((cause) => log.warn('database_unreachable', faultFields(cause)))
      }
      try {
        const ask = async (listed: Listed) => {
          const list = await refresh(listed, signal)
          if (list) unsaved.push(list)
          progress(++done, due.length)
          if (now() - toldAt >= TELL_MS) await flush()
        }
        await inParallel(due, PARALLEL, ask, signal)
      } finally {
        await flush()
        await sharing.end('models', due.filter(isShared).map(subjectOf))
        findEarliest()
      }
    },
  }

  return {
    job,
    recall,
    /** Up to where it is known what was stored. */
    horizon,

    /** Know the lists that were kept, where the database cannot be asked. */
    learn: (lists: Iterable<ModelList>): void => learn(lists, true),

    /** The lists that upstreams gave, as of now. */
    *lists(): Generator<ModelList> {
      const fetchedAt = new Date(now())
      for (const { account, own } of accounts.values())
        if (own)
          yield { accountId: account.id, baseUrl: account.baseUrl, models: [...own], fetchedAt }
    },

    /** The accounts have changed: know the new ones, forget those that are gone. */
    follow(): void {
      const present = new Map([...pool.members()].map(({ account }) => [account.id, account]))
      for (const [id, listed] of accounts) {
        const account = present.get(id)
        const isSame =
          account && !isKnown(account) && groupName(account) === groupName(listed.account)
        if (isSame) listed.account = account
        else drop(id, listed)
      }
      const added: Listed[] = []
      for (const [id, account] of present) {
        if (isKnown(account) || accounts.has(id)) continue
        const listed = { account, dueAt: 0, own: undefined, told: undefined }
        accounts.set(id, listed)
        groupOf(account).members.set(id, listed)
        added.push(listed)
      }
      giveTurns(added)
      if (added.length > 0) earliest = 0
      tell()
    },
  }
}

export type ModelRefresh = ReturnType<typeof createModelRefresh>

/** With another upstream it is to be asked anew. */
const subjectOf = ({ account: { id, baseUrl } }: Listed): string => `${id} ${baseUrl}`

/** What it offers is no matter of its upstream's list. */
const isKnown = ({ models, offers }: Account): boolean => models !== null || offers !== undefined
