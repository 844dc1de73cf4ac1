import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare } from './comparison'
import { measureDatabase } from './database'
import { reportDialects } from './dialect-report'
import { measureDialects } from './dialects'
import { buildExecutables } from './executables'
import { createMeasure, GENERATOR } from './measure'
import { measurePages, reportPages } from './pages'
import { measurePool, reportPool } from './pool'
import { createProcesses } from './processes'
import { report } from './report'
import { soak } from './soak'
import { measureStartUp } from './start-up'
import { startGroxy, startTargets, startUpstream } from './targets'
import { measureWebDecoder, reportWebDecoder } from './web-decoder'
import { measureWorkers, reportWorkers } from './workers'

// bun bench/run.ts [--short | --soak [TURNS] | --database [--short] | --pool [--short] | --pages [--short] | --dialects [--short] | --web-decoder [--short] | --workers [--short]]

const FULL = {
  seconds: 5,
  warmUpSeconds: 3,
  repetitions: 3,
  restSeconds: 10,
  startUps: 9,
  readings: 9,
  leases: 400_000,
  pages: { amount: { accounts: 20_000, keys: 1_000, turns: 1_000_000 }, times: 20 },
  database: {
    ...{ slowSeconds: 10, fastSeconds: 5, idleSeconds: 45, writeSeconds: 5 },
    amount: { accounts: 50_000, keys: 100, turns: 100_000 },
  },
}
const SHORT = {
  seconds: 1,
  warmUpSeconds: 1,
  repetitions: 1,
  restSeconds: 1,
  startUps: 3,
  readings: 3,
  leases: 40_000,
  pages: { amount: { accounts: 2_000, keys: 100, turns: 100_000 }, times: 5 },
  database: {
    ...{ slowSeconds: 3, fastSeconds: 1, idleSeconds: 10, writeSeconds: 1 },
    amount: { accounts: 2_000, keys: 100, turns: 10_000 },
  },
}
const SOAK_TURNS = 1_000_000

const words = process.argv.slice(2)
const soakAt = words.indexOf('--soak')
const isShort = words.includes('--short')
const form =
  soakAt >= 0
    ? 'soak'
    : words.includes('--pool')
      ? 'pool'
      : words.includes('--pages')
        ? 'pages'
        : words.includes('--database')
          ? 'database'
          : words.includes('--dialects')
            ? 'dialects'
            : words.includes('--web-decoder')
              ? 'web-decoder'
              : words.includes('--workers')
                ? 'workers'
                : isShort
                  ? 'short'
                  : 'full'
const effort = isShort ? SHORT : FULL

const folder = await mkdtemp(join(tmpdir(), 'groxy-bench-'))
const processes = createProcesses()

let cleared: Promise<void> | undefined
function clear(): Promise<void> {
  cleared ??= processes.stopAll().then(() => rm(folder, { recursive: true, force: true }))
  return cleared
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void clear().finally(() => process.exit(1)))

async function measureAll() {
  if (form === 'web-decoder') {
    const webDecoder = measureWebDecoder(effort.readings)
    console.info(`\n${reportWebDecoder(webDecoder)}\n`)
    return { webDecoder }
  }
  const executables = await buildExecutables(join(folder, 'bin'))
  const parts = { processes, executables, folder }
  const measure = createMeasure({ processes, folder })
  if (form === 'pages') {
    const pages = await measurePages({ ...parts, ...effort.pages })
    console.info(`\n${reportPages(pages)}\n`)
    return { pages }
  }
  const upstream = await startUpstream(parts)
  if (form === 'soak') {
    const groxy = await startGroxy(parts, upstream)
    const turns = Number(words[soakAt + 1]?.replaceAll(/[_,]/g, '') ?? SOAK_TURNS)
    return { soak: await soak(groxy, measure, join(folder, 'groxy/groxy.db'), turns) }
  }
  if (form === 'database')
    return { database: await measureDatabase({ ...parts, upstream, effort: effort.database }) }
  if (form === 'pool') {
    const { startUps, leases } = effort
    const pool = await measurePool({ ...parts, upstream, startUps, leases })
    console.info(`\n${reportPool(pool)}\n`)
    return { pool }
  }
  if (form === 'dialects') {
    const dialects = await measureDialects({ ...parts, measure, upstream, effort })
    console.info(`\n${reportDialects(dialects)}\n`)
    return { effort, dialects }
  }
  if (form === 'workers') {
    const workers = await measureWorkers({ ...parts, upstream, effort })
    console.info(`\n${reportWorkers(workers)}\n`)
    return { effort, workers }
  }
  const startUp = await measureStartUp({ ...parts, upstream, times: effort.startUps })
  const targets = await startTargets(parts, upstream)
  const comparison = await compare(targets, measure, effort)
  console.info(`\n${report(comparison, startUp)}\n`)
  return { effort, startUp, ...comparison }
}

const generatorOf = (what: typeof form): string => {
  if (what === 'web-decoder') return 'this process'
  if (what === 'workers') return 'sockets'
  return what === 'soak' || what === 'pool' || what === 'pages' || what === 'database'
    ? 'fetch'
    : GENERATOR
}

try {
  const loadBefore = loadavg()
  const startedAt = new Date().toISOString()
  const measured = await measureAll()
  const machine = {
    startedAt,
    form,
    bun: Bun.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    loadBefore,
    loadAfter: loadavg(),
    isPinned: processes.isPinned,
    generator: generatorOf(form),
  }
  const results = join(import.meta.dir, 'results')
  await mkdir(results, { recursive: true })
  const file = join(results, `${startedAt.slice(0, 19).replaceAll(':', '-')}-${form}.json`)
  await Bun.write(file, `${JSON.stringify({ ...machine, ...measured }, null, 2)}\n`)
  const pinning = machine.isPinned ? 'pinned to cores' : 'not pinned'
  console.info(`Load by ${machine.generator}, ${pinning}. ${file}`)
} finally {
  await clear()
}
