import type { Config } from '../config'
import { createLog } from '../log'
import { testAccount } from '../operator/account-test'
import type { Asking } from '../operator/asking'
import { inParallel } from '../parallel'
import type { Account } from '../pool/account'
import { environmentAccounts, fromStore } from '../pool/roster'
import type { AccountFilter } from '../store/account-search'
import { createUpstreams } from '../upstreams'
import { counted, filterOf, labelOf } from './account-choice'
import { UsageError, type Values } from './command'
import { createPlatform } from './platform'
import type { State } from './state'

/** Accounts that are tested at the same time. */
const PARALLEL = 16
/** More are only asked when that is meant: each is a call of its upstream. */
const LIMIT = 200
/** Of more findings only those that are bad are shown. */
const SHOWN = 50

interface Finding {
  readonly ok: boolean
  readonly line: string
}

/** Accounts are only asked here for what costs nothing. */
const show = () => Promise.reject(new Error('Nothing is made here.'))

/** The upstreams of all kinds, as a server would ask them. */
export async function createAsking(state: State, config: Config): Promise<Asking> {
  const settings = await state.stores.settings.all()
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now: Date.now })
  return {
    settings,
    upstreams: createUpstreams(createPlatform(config, state, log), () => settings, {
      ...{ cache: { show }, readOwn: async () => undefined },
    }),
  }
}

/** The accounts of the environment and of the database that fit, those that are switched off too. */
export async function findAccounts(
  { stores, vault }: State,
  config: Config,
  filter: AccountFilter,
  most?: number,
): Promise<Account[]> {
  const settings = await stores.settings.all()
  const stored = await stores.accountSearch.find(filter, most)
  const { kind, name, tag, state } = filter
  const isPicked = tag !== undefined || state !== undefined
  const environment = isPicked ? [] : await environmentAccounts(config, settings)
  return [
    ...environment.filter(
      (one) =>
        (!kind || one.kind === kind) &&
        (!name || one.name === name || `${one.kind}/${one.name}` === name),
    ),
    ...stored.map((account) => fromStore(account, vault, settings)),
  ]
}

/** `groxy accounts test` */
export async function testCommand(
  state: State,
  config: Config,
  name: string | undefined,
  values: Values,
): Promise<number> {
  const filter = { ...filterOf(values), name }
  const chosen = await findAccounts(state, config, filter)
  if (chosen.length === 0) {
    console.info(name ? `There is no account named "${name}".` : 'There are no accounts to test.')
    return name ? 1 : 0
  }
  if (chosen.length > LIMIT && !values.all)
    throw new UsageError(
      `That asks the upstreams of ${chosen.length} accounts.`,
      'Say --all if you mean it, or pick some with --kind, --tag and --state.',
    )
  const findings = await testAccounts(await createAsking(state, config), chosen)
  const bad = findings.filter(({ ok }) => !ok)
  for (const { line } of findings.length > SHOWN ? bad : findings) console.info(line)
  if (findings.length > SHOWN)
    console.info(`${counted(findings.length - bad.length)} passed, ${bad.length} did not.`)
  return bad.length === 0 ? 0 : 1
}

/** Test accounts, and tell what was found in their order. */
export async function testAccounts(
  asking: Asking,
  accounts: readonly Account[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  await inParallel(accounts.entries(), PARALLEL, async ([at, account]) => {
    const { ok, reason, proxy } = await testAccount(asking, account)
    const way = proxy ? ` via ${proxy}` : ''
    findings[at] = { ok, line: `${ok ? '✓' : '✗'} ${labelOf(account)}${way}: ${reason}` }
  })
  return findings
}
