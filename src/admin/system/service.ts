import { version } from '../../../package.json'
import { COMMIT } from '../../commit'
import { ApiError, SetupError } from '../../errors'
import type { Inspection } from '../../ground'
import type { TableRows } from '../../store/inspection'
import type { InstanceRow } from '../../store/instances'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { type Variable, variables } from './environment'

/** What this gateway is, where it runs and what it keeps. */
export interface SystemFacts {
  readonly version: string
  readonly commit: string | undefined
  readonly runtime: string
  readonly startedAt: number | undefined
  readonly instance: string
  /** Who shares the database, this one included; an isolate of Workers may not be among them. */
  readonly instances: readonly InstanceRow[]
  readonly database: DatabaseFacts
  readonly media: { readonly kind: string; readonly path?: string }
  readonly environment: readonly Variable[]
}

interface DatabaseFacts {
  readonly kind: 'file' | 'memory' | 'server'
  readonly path: string | undefined
  readonly host: string | undefined
  readonly bytes: number | undefined
  /** How long it takes to say anything. */
  readonly latencyMs: number
  /** Whether it took what was last to be written. */
  readonly isWritable: boolean
  readonly tables: readonly TableRows[]
}

/** Tells about the gateway itself, and looks after its database. */
export function createSystem(parts: AdminParts) {
  const { stores, ground, inspection, instance, config, audit, now } = parts
  let busy: string | undefined

  /** One at a time: each reads all of the database. */
  async function alone<T>(what: string, work: (() => Promise<T>) | undefined): Promise<T> {
    if (!work)
      throw new ApiError(
        'not_here',
        ground.database.kind === 'memory'
          ? 'The database is in memory: there is no file.'
          : 'A remote database is looked after where it lives. Turso keeps copies of every moment: see `turso db`. A server of your own is copied from the files of its machine.',
      )
    if (busy !== undefined)
      throw new ApiError('job_state', `A ${busy} of the database is under way: wait for its end.`)
    busy = what
    try {
      return await work()
    } catch (cause) {
      if (!(cause instanceof SetupError)) throw cause
      throw new ApiError('not_ready', `${cause.message} ${cause.remedy}`, { cause })
    } finally {
      busy = undefined
    }
  }

  return {
    /** Whether the database is a file that can be checked and copied here. */
    hasFile: ground.backup !== undefined,

    async facts(): Promise<SystemFacts> {
      const { database } = ground
      const [latencyMs, tables, instances] = await Promise.all([
        inspection.latency(),
        inspection.tables(),
        stores.instances.living(now()),
      ])
      return {
        version,
        commit: COMMIT,
        runtime: ground.runtime,
        startedAt: ground.startedAt,
        instance: instance(),
        instances,
        database: {
          kind: database.kind,
          path: database.kind === 'file' ? database.path : undefined,
          host: database.kind === 'server' ? database.host : undefined,
          bytes: database.kind === 'file' ? database.size() : undefined,
          latencyMs,
          isWritable: parts.database().writable,
          tables,
        },
        media: ground.media,
        environment: variables(config, ground.environment()),
      }
    },

    /** @throws ApiError `not_here`, `job_state` */
    async inspect(operator: Operator): Promise<Inspection> {
      const found = await alone('check', ground.inspect)
      await audit(operator, {
        action: 'database.check',
        subject: 'database',
        after: { problem: found.problem ?? null },
      })
      return found
    },

    /** @throws ApiError `not_here`, `job_state` */
    async backup(operator: Operator): Promise<Response> {
      const body = await alone('copy', ground.backup)
      try {
        await audit(operator, { action: 'database.backup', subject: 'database' })
      } catch (cause) {
        await body.cancel()
        throw cause
      }
      const name = `groxy-${new Date(now()).toISOString().slice(0, 16).replace(/[T:]/g, '-')}.db`
      return new Response(body, {
        headers: {
          'content-type': 'application/vnd.sqlite3',
          'content-disposition': `attachment; filename="${name}"`,
        },
      })
    },
  }
}
