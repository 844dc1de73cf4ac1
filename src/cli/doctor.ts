import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Config, readConfig } from '../config'
import { createVault } from '../crypto'
import { messageOf, SetupError } from '../errors'
import type { Inspection } from '../ground'
import { inspect } from '../store/inspection'
import { ACCOUNT_KINDS } from '../store/schema'
import { createAsking, findAccounts, testAccounts } from './account-test'
import { type Command, parse, table } from './command'
import { FETCH_LIMIT } from './fetch-limit'
import { bad, type Finding, good } from './finding'
import { checkMedia } from './media-check'
import { filePath } from './paths'
import { createSnapshotFile, snapshotPath } from './snapshot-file'
import { openClient, openState, type State } from './state'

const usage = 'doctor [--database] [--json]'

/** `groxy doctor` */
export const doctorCommand: Command = {
  usage,
  help: 'Secret, database, disk, the snapshot of a remote database, room for pictures, videos and files, clock, port, the fetch limit of Bun, and the upstream of each account. Exit code 1 when something is wrong. --database looks at the database file alone, and says what each table weighs.',
  async run(args) {
    const { values } = parse(
      args,
      { database: { type: 'boolean' }, json: { type: 'boolean' } },
      usage,
    )
    if (values.database) return inspectFile(readConfig(process.env), values.json === true)
    let healthy = true
    const report = ({ ok, line }: Finding) => {
      healthy &&= ok
      console.info(line)
    }
    const config = readConfig(process.env)
    report(good('environment'))
    const state = await openState(config).catch((cause: unknown) => {
      report(explain(cause))
      return undefined
    })
    if (state) {
      report(good(`database ${config.DATABASE_URL} and its secret`))
      for (const finding of await checkDatabase(state, config)) report(finding)
    }
    report(checkDisk(config))
    for (const finding of await checkSnapshot(config)) report(finding)
    report(checkMedia(config, LEAST_FREE_BYTES))
    report(checkClock())
    report(await checkPort(config))
    report(checkFetchLimit())
    if (state) {
      for (const finding of await checkAccounts(state, config)) report(finding)
      state.client.close()
    }
    return healthy ? 0 : 1
  },
}

function explain(cause: unknown): Finding {
  if (cause instanceof SetupError) return bad(cause.message, cause.remedy)
  return bad(String(cause), 'This is not expected: please report it.')
}

async function checkDatabase({ client, stores }: State, config: Config): Promise<Finding[]> {
  const keys = (await stores.keys.list()).filter(({ revokedAt }) => !revokedAt)
  const count = keys.length + Number(config.GROXY_API_KEY !== undefined)
  const findings = [
    count > 0
      ? good(`${count} ${count === 1 ? 'key' : 'keys'} in force`)
      : bad('no key', 'Make one with: groxy keys create NAME'),
  ]
  if (!filePath(config)) return findings
  return [...findings, soundness(await inspect(client))]
}

const soundness = ({ problem }: Inspection): Finding =>
  problem === undefined
    ? good('database is sound')
    : bad(`database is damaged: ${problem}`, 'Restore a backup made with `groxy backup`.')

/** The file alone, which needs no secret. */
async function inspectFile(config: Config, isJson: boolean): Promise<number> {
  if (!filePath(config))
    throw new SetupError(
      'A remote database is looked after where it lives.',
      'Without --database `groxy doctor` checks the way there.',
    )
  const client = await openClient(config)
  try {
    const found = await inspect(client)
    if (isJson) console.info(JSON.stringify(found))
    else {
      console.info(soundness(found).line)
      const rows = found.tables.map(({ name, bytes }) => [name, String(Math.ceil(bytes / 1024))])
      console.info(table(['TABLE', 'KIB'], rows))
    }
    return isJson || found.problem === undefined ? 0 : 1
  } finally {
    client.close()
  }
}

const LEAST_FREE_BYTES = 512 * 1024 * 1024

function checkDisk(config: Config): Finding {
  const path = filePath(config)
  if (!path || path === ':memory:') return good('disk is not used')
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    const free = bavail * bsize
    const megabytes = `${Math.floor(free / 1024 / 1024)} MB free at ${dirname(path)}`
    return free > LEAST_FREE_BYTES
      ? good(megabytes)
      : bad(megabytes, 'Free some space: the database stops when the disk is full.')
  } catch {
    return bad(`${dirname(path)} is not there`, 'Start Groxy once, or set DATABASE_URL.')
  }
}

/** What an instance would begin with while its remote database is away. */
async function checkSnapshot(config: Config): Promise<Finding[]> {
  const path = snapshotPath(config)
  if (path === undefined || config.GROXY_SECRET === undefined) return []
  const file = createSnapshotFile(path, config, createVault(config.GROXY_SECRET))
  try {
    const found = await file.read()
    if (!found)
      return [good(`no snapshot at ${path} yet: it is written while Groxy runs with the database`)]
    const { keys, accounts } = found.kept.snapshot
    const seconds = Math.max(0, Math.round((Date.now() - found.at) / 1000))
    const holds = `${keys.size} keys, ${accounts.length} accounts`
    return [good(`snapshot ${path} was true ${seconds} s ago: ${holds}`)]
  } catch (cause) {
    const why = messageOf(cause)
    return [
      bad(
        `snapshot ${path} cannot be used: ${why}`,
        'Remove it: a running Groxy writes another one while the database is there.',
      ),
    ]
  }
}

/** This program was built after that, so an earlier clock is wrong. */
const BUILT_AFTER = Date.UTC(2026, 10, 1)

function checkClock(): Finding {
  const now = new Date()
  return now.getTime() > BUILT_AFTER
    ? good(`clock says ${now.toISOString().slice(0, 16)} UTC`)
    : bad(`clock says ${now.toISOString()}`, 'Set it (`timedatectl`): expiry and TLS depend on it.')
}

async function checkPort({ PORT, HOST }: Config): Promise<Finding> {
  const name = `port ${PORT} on ${HOST}`
  try {
    const probe = Bun.listen({ hostname: HOST, port: PORT, socket: { data() {} } })
    probe.stop(true)
    return good(`${name} is free`)
  } catch {
    const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST
    const response = await fetch(`http://${host}:${PORT}/health`, {
      signal: AbortSignal.timeout(2000),
    }).catch(() => undefined)
    if (response?.headers.get('x-request-id')?.startsWith('req_'))
      return good(`${name}: Groxy is running there`)
    return bad(`${name} is in use by another program`, 'Choose another port with PORT or --port.')
  }
}

function checkFetchLimit(): Finding {
  const value = process.env[FETCH_LIMIT]
  if (value === undefined || Number(value) > 256)
    return good('more than 256 upstream calls at once')
  return bad(
    `${FETCH_LIMIT}=${value} keeps upstream calls to ${value} at once`,
    'Unset it, and Groxy chooses a number that does not get in the way.',
  )
}

/** How many accounts of a kind are asked: each is a call of its upstream. */
const ASKED = 20

async function checkAccounts(state: State, config: Config): Promise<Finding[]> {
  const findings: Finding[] = []
  const asking = await createAsking(state, config)
  for (const kind of ACCOUNT_KINDS) {
    const accounts = await findAccounts(state, config, { kind }, ASKED)
    findings.push(...(await testAccounts(asking, accounts)))
    const more = (await state.stores.accountSearch.count({ kind })) - ASKED
    if (more > 0)
      findings.push(
        good(`${more} more of kind ${kind}, not asked: groxy accounts test --kind ${kind} --all`),
      )
  }
  return findings.length > 0
    ? findings
    : [good('no accounts yet: the demo account answers. Add one: groxy accounts add xai xai-…')]
}
