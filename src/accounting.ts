import { version } from '../package.json'
import { newId } from './crypto'
import { createExposition } from './ledger/exposition'
import { mergeExpositions } from './ledger/merged-exposition'
import { createMetrics } from './ledger/metrics'
import { createLedgerQueue } from './ledger/queue'
import { createRecord } from './ledger/record'
import { faultFields } from './log'
import type { Platform, Siblings } from './platform'
import type { Catalog } from './pool/catalog'
import type { Pool } from './pool/pool'
import { poolStates } from './pool/states'
import type { Said } from './state/said'
import type { Stores } from './store/stores'
import type { DatabaseWatch } from './store/watch'

interface AccountingParts {
  readonly platform: Platform
  readonly stores: Stores
  readonly pool: Pool
  readonly catalog: Catalog
  /** How many turns wait for an account. */
  readonly queueDepth: () => number
  readonly database: DatabaseWatch
  /** How old what turns go by is, in milliseconds. */
  readonly snapshotAge: () => number
  readonly said: () => Said
}

/** Where each turn is written down and counted when it has ended. */
export function createAccounting(parts: AccountingParts) {
  const { platform, stores, pool, catalog, queueDepth, database, snapshotAge, said } = parts
  const { now, later, log } = platform
  const ledger = createLedgerQueue({
    append: stores.ledger.append,
    keep: stores.ledger.keep,
    now,
    newId,
    later,
    onFault: (cause, waiting, dropped) =>
      log.warn('ledger_waits', { ...faultFields(cause), waiting, dropped }),
  })
  const metrics = createMetrics({
    version,
    isListed: catalog.isListed,
    gauges: {
      poolStates: () => poolStates(pool.members(), now()),
      queueDepth,
      inFlight: () => [...pool.members()].reduce((sum, { inFlight }) => sum + inFlight, 0),
      ledgerWaiting: ledger.waiting,
      ledgerDropped: ledger.dropped,
      saidWaiting: () => said().waiting(),
      saidDropped: () => said().dropped(),
      databaseUp: () => database().up,
      databaseWritable: () => database().writable,
      snapshotAge,
      process: platform.processUse,
    },
  })
  return {
    ledger,
    /** What this process measures, in Prometheus' text format. */
    measured: metrics.render,
    /** What all processes of this machine measure. */
    measuredByAll: () =>
      platform.siblings ? byAll(platform.siblings, metrics.render()) : metrics.render(),
    record: createRecord({ ledger, metrics, log }),
  }
}

async function byAll({ index, metrics }: Siblings, own: string): Promise<string> {
  const { told, missing } = await metrics()
  const out = createExposition()
  out.numbers(
    'gauge',
    'groxy_processes',
    'Processes of this machine, by whether they have told what they measure.',
    [
      [{ told: 'yes' }, told.length + 1],
      [{ told: 'no' }, missing],
    ],
  )
  return mergeExpositions([{ index, text: own }, ...told]) + out.text()
}
