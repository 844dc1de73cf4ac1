import { messageOf, UpstreamFault } from '../errors'
import { faultFields, type Log } from '../log'
import { inParallel } from '../parallel'
import type { Account, Kind } from '../pool/account'
import type { Lease } from '../pool/lease'
import type { Member } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Report } from '../pool/quota'
import { suspect } from '../pool/suspects'
import { NO_QUOTA } from '../store/account-states'
import type { AccountTiers } from '../store/account-tiers'
import type { Tier } from '../store/schema'
import { redactFault, refusesKey } from '../upstream/fault'
import type { QuotaFinding, Upstream } from '../upstream/upstream'
import { inquire, PARALLEL } from './inquiry'
import { bucketsOf, heardAt, isDry } from './quota-buckets'
import { createQuotaSchedule, type Question } from './quota-schedule'
import type { Job, Progress } from './runner'
import type { Sharing } from './sharing'

interface RefreshParts {
  readonly pool: Pool
  readonly upstreams: Readonly<Record<Kind, Pick<Upstream, 'quotas'>>>
  readonly tiers: AccountTiers
  readonly sharing: Sharing
  readonly isOn: () => boolean
  /** How often accounts of a tier are asked that rest for lack of quota. */
  readonly restMs: (tier: Tier | undefined) => number
  readonly now: () => number
  readonly random: () => number
  readonly spreadMs: number
  readonly log: Log
}

/** Accounts that are asked in one run that nobody asked for. */
const MOST_AT_ONCE = 32
/** Accounts that are asked at the same time when an operator wants to know about all. */
const MANY = 2 * PARALLEL
/** New accounts that are asked before they are used, of however many. */
const MOST_NEW = 20
/** After so many failures in a row it is the way there that is barred, and asking on makes it worse. */
const GIVE_UP_AFTER = 20
/** New tiers are stored so often at most, and less often while there are many: instances load all accounts again. */
const STORE_MS = 1_000
const STORE_MANY_MS = 10_000

/**
 * Asks upstreams what is left of quotas that nothing else tells of: when an account is first used, after
 * turns, while it rests for lack of quota, and when an operator wants to know.
 *
 * What it hears is believed. That an account is refused here makes it a suspect where an operator wanted to
 * know, and changes nothing else: nobody asked for a turn, and what answers here is one endpoint of many.
 */
export function createQuotaRefresh(parts: RefreshParts) {
  const { pool, upstreams, tiers, sharing, isOn, now, random, spreadMs, log } = parts
  const restMs = ({ account }: Member) => parts.restMs(account.tier)
  const schedule = createQuotaSchedule({ now, random, restMs, spreadMs })
  const seen = new Set<string>()
  let found = new Map<string, Tier>()
  let storedAt = Number.NEGATIVE_INFINITY
  /** Failures since an upstream last answered. */
  let inVain = 0

  function believe(member: Member, { reports, tier }: QuotaFinding, why: Question['why']): void {
    const { account } = member
    for (const said of reports) {
      pool.report({ member }, said)
      if (said.remaining < 1) rest(member, said)
      else if (why !== 'turn' && member.scoped?.has(said.bucket))
        pool.setRest(member, said.bucket, undefined)
    }
    if (tier !== undefined && tier !== account.tier) found.set(account.id, tier)
  }

  /** Nothing is left: the account rests as long as its upstream says, be it shorter than we thought. */
  function rest(member: Member, { bucket, resetAt: until }: Report): void {
    const known = member.scoped?.get(bucket)
    const isKnown = known?.reason === NO_QUOTA && Math.abs(known.until - until) < SAME_MS
    if (until <= now() || isKnown) return
    const faults = Math.max(1, known?.faults ?? 0)
    pool.setRest(member, bucket, { state: 'exhausted', reason: NO_QUOTA, until, faults })
    schedule.rest(member, now())
  }

  function fail(member: Member, fault: unknown, why: Question['why']): string {
    const { name, kind } = member.account
    log.debug('quota_failed', { account: name, kind, ...faultFields(fault) })
    if (!(fault instanceof UpstreamFault && refusesKey(fault))) inVain++
    else if (why === 'asked') suspect(pool, member, fault, now())
    return messageOf(fault)
  }

  /** Ask one account; says what went wrong, if anything did. */
  async function ask(question: Question, signal: AbortSignal): Promise<string | undefined> {
    const { id, why } = question
    const member = pool.member(id)
    const upstream = member && upstreams[member.account.kind]
    if (!member || !upstream?.quotas || isOut(member)) return
    if (why === 'rest' && !isDry(member, now())) return
    const { account } = member
    const buckets = bucketsOf(member, question)
    try {
      const finding = await inquire(signal, async (abort) =>
        upstream.quotas?.(account, buckets, abort),
      )
      inVain = 0
      if (finding && pool.member(id) === member) believe(member, finding, why)
      return
    } catch (cause) {
      if (signal.aborted) return
      return fail(member, redactFault(cause, await secretOf(account)), why)
    } finally {
      askLater(member)
    }
  }

  /** Whoever was taken from the schedule, for whatever reason, still rests and has to be asked again. */
  function askLater(member: Member | undefined): void {
    if (member && isDry(member, now())) schedule.rest(member, now())
  }

  async function store(): Promise<void> {
    if (found.size === 0) return
    const learnt = found
    found = new Map()
    storedAt = now()
    try {
      await tiers.save(learnt)
    } catch (cause) {
      log.warn('database_unreachable', faultFields(cause))
      found = new Map([...learnt, ...found])
    }
  }

  /** All of them, and in between whoever is to be asked now anyway. */
  function* everyone(ids: readonly string[]): Iterable<Question> {
    const asked = new Set<string>()
    for (const id of ids) {
      for (const due of schedule.take(MOST_AT_ONCE)) {
        asked.add(due.id)
        yield { ...due, why: 'asked' }
      }
      if (!asked.has(id)) yield { id, why: 'asked', used: NONE, isUse: false, since: now() }
    }
  }

  const hasQuotas = ({ account, shelf }: Member) =>
    upstreams[account.kind].quotas !== undefined && shelf?.offers !== undefined

  async function askAll(
    questions: Iterable<Question>,
    total: number,
    { signal, progress, most }: { signal: AbortSignal; progress: Progress; most: number },
  ): Promise<void> {
    let done = 0
    let failed = 0
    let said = ''
    const one = async (question: Question) => {
      if (inVain >= GIVE_UP_AFTER) return askLater(pool.member(question.id))
      const problem = await ask(question, signal)
      if (problem !== undefined) {
        failed++
        said = problem
      }
      progress(++done, Math.max(done, total), failed > 0 ? `${failed} failed: ${said}` : undefined)
      if (now() - storedAt >= STORE_MANY_MS) await store()
    }
    await inParallel(questions, most, one, signal)
    if (now() - storedAt >= STORE_MS) await store()
    if (failed > 0) log.warn('quotas_failed', { failed, asked: done, error: said })
    if (inVain < GIVE_UP_AFTER) return
    inVain = 0
    throw new Error(`The upstream cannot be asked for quotas: ${said}`)
  }

  /** Those of what is due that no other instance asks, or has asked. */
  async function take(kind: 'quota' | 'use', due: readonly Question[]) {
    const wanted = due.map(({ id, since }) => ({ subject: id, since }))
    const others = await sharing.take(kind, wanted)
    return due.filter((question) => {
      const other = others.get(question.id)
      if (other) schedule.wasAsked(question, other.askedAt)
      if (other) askLater(pool.member(question.id))
      return !other
    })
  }

  /** What is due, asked by this instance for all. */
  async function askDue(signal: AbortSignal, progress: Progress): Promise<void> {
    const due = [...schedule.take(MOST_AT_ONCE)]
    const uses = await take(
      'use',
      due.filter(({ isUse }) => isUse),
    )
    const others = await take(
      'quota',
      due.filter(({ isUse }) => !isUse),
    )
    await askAll([...uses, ...others], 0, { signal, progress, most: PARALLEL })
    await sharing.end('use', uses.map(idOf))
    await sharing.end('quota', others.map(idOf))
  }

  const job: Job = {
    name: 'quota',
    isOn,
    isQuiet: true,
    dueAt: () => (found.size > 0 ? storedAt + STORE_MS : schedule.next()),

    async run(signal, progress, asked) {
      if (!asked) return askDue(signal, progress)
      const ids: string[] = []
      for (const member of pool.members())
        if (hasQuotas(member) && !isOut(member)) ids.push(member.account.id)
      progress(0, ids.length)
      await askAll(everyone(ids), ids.length, { signal, progress, most: MANY })
    },
  }

  return {
    job,

    /** A turn that takes of a quota began, is over and has taken of it, or was one too many. */
    note(lease: Lease, what: 'taken' | 'over' | 'limited'): void {
      if (isOn() && upstreams[lease.account.kind].quotas) schedule.note(lease, what)
    },

    /** The accounts have changed: know the new ones, forget those that are gone. */
    follow(): void {
      const isThere = (id: string) => pool.member(id) !== undefined
      schedule.keep(isThere)
      for (const id of seen) if (!isThere(id)) seen.delete(id)
      let fresh = 0
      for (const member of pool.members()) {
        const { id } = member.account
        if (!isOn() || !hasQuotas(member)) continue
        if (isDry(member, now())) schedule.rest(member, heardAt(member))
        if (seen.has(id)) continue
        seen.add(id)
        if (fresh < MOST_NEW && heardAt(member) === 0 && !isOut(member)) {
          schedule.askSoon(id)
          fresh++
        }
      }
    },
  }
}

/** Windows that are told in seconds from now are never quite the same. */
const SAME_MS = 60_000
const NONE: ReadonlySet<string> = new Set()

const idOf = ({ id }: Question): string => id

/** It takes no turns, whatever is left of its quotas, until an operator says otherwise. */
const isOut = ({ rest }: Member): boolean => rest?.state === 'expired' || rest?.state === 'disabled'

/** Nothing to hide when it cannot be opened. */
async function secretOf({ secret }: Account): Promise<string> {
  try {
    return await secret()
  } catch {
    return ''
  }
}
