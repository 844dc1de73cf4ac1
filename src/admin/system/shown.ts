import type { Inspection } from '../../ground'
import type { HostHealth } from '../../pool/hosts'
import { shownText } from './environment'
import type { ShownJob } from './job-control'
import type { SystemFacts } from './service'
import type { Look } from './upstreams'

const seconds = (at: number | undefined): number | null =>
  at === undefined ? null : Math.floor(at / 1000)

export const listOf = (data: readonly unknown[]) => ({
  object: 'list',
  data,
  has_more: false,
  next: null,
  total: data.length,
})

export const systemObject = (facts: SystemFacts, hasBackup: boolean) => ({
  object: 'admin.system',
  version: facts.version,
  commit: facts.commit ?? null,
  runtime: facts.runtime,
  started_at: seconds(facts.startedAt),
  instance: facts.instance,
  instances: facts.instances.map((one) => ({
    name: one.name,
    is_this: one.name === facts.instance,
    host: one.host,
    process: one.process,
    runtime: one.runtime,
    version: one.version,
    state: one.state,
    started_at: seconds(one.startedAt),
    seen_at: seconds(one.seenAt),
  })),
  database: {
    kind: facts.database.kind,
    path: facts.database.path ?? null,
    host: facts.database.host ?? null,
    size_bytes: facts.database.bytes ?? null,
    latency_ms: facts.database.latencyMs,
    is_writable: facts.database.isWritable,
    has_backup: hasBackup,
    tables: facts.database.tables.map(({ name, atMost }) => ({
      name,
      rows_at_most: atMost ?? null,
    })),
  },
  media: { kind: facts.media.kind, path: facts.media.path ?? null },
  environment: facts.environment.map((one) => ({
    name: one.name,
    is_set: one.isSet,
    is_secret: one.isSecret,
    value: one.value ?? null,
    default: one.default ?? null,
    needs_restart: one.overridden !== undefined,
  })),
})

export const inspectionObject = ({ problem, tables }: Inspection) => ({
  object: 'admin.system.check',
  is_sound: problem === undefined,
  problem: problem ?? null,
  tables: tables.map(({ name, bytes }) => ({ name, size_bytes: bytes })),
})

export const jobObject = (job: ShownJob) => ({
  object: 'admin.job',
  name: job.name,
  description: job.does,
  setting: job.setting,
  is_on: job.isOn,
  state: job.state ?? null,
  wanted: job.wanted,
  done: job.done,
  total: job.total,
  note: job.note,
  instance: job.instance ?? null,
  started_at: seconds(job.startedAt),
  finished_at: seconds(job.finishedAt),
})

export const upstreamObject = (host: HostHealth, look?: Look) => ({
  object: 'admin.upstream',
  url: shownText(host.url),
  kinds: host.kinds,
  accounts: host.accounts,
  is_reachable: host.isReachable,
  down_since: seconds(host.downSince),
  down_until: seconds(host.downUntil),
  last_answer_at: seconds(host.answeredAt),
  last_fault: host.fault ? { at: seconds(host.fault.at), message: host.fault.reason } : null,
  ...(look && {
    look: { is_reachable: look.isReachable, message: look.said ?? null, took_ms: look.tookMs },
  }),
})
