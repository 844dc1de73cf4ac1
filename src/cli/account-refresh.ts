import type { Config } from '../config'
import { UpstreamFault } from '../errors'
import { explain } from '../operator/account-finding'
import { refreshQuotas } from '../operator/account-refresh'
import { foundQuotas } from '../operator/account-test'
import { fromStore } from '../pool/roster'
import { labelOf, only } from './account-choice'
import { createAsking } from './account-test'
import { UsageError, type Values } from './command'
import type { State } from './state'

/** `groxy accounts refresh` */
export async function refreshCommand(
  state: State,
  config: Config,
  name: string | undefined,
  { all }: Values,
): Promise<number> {
  if (!all === !name)
    throw new UsageError(
      'accounts refresh: say which.',
      'NAME asks about one account now; --all has the running server ask about all sessions.',
    )
  if (!name) return refreshAll(state)
  const account = only(await state.stores.accountSearch.find({ name }), name)
  const asking = await createAsking(state, config)
  const { quotas } = asking.upstreams[account.kind]
  if (!quotas) {
    console.info(
      `${labelOf(account)} tells of its quotas with its answers: there is nothing to ask.`,
    )
    return 0
  }
  try {
    const { stores, vault } = state
    const asked = fromStore(account, vault, asking.settings)
    const finding = await refreshQuotas({ stores, now: Date.now }, asking, asked)
    console.info(
      `${labelOf(account)}: ${foundQuotas({ tier: account.tier ?? undefined }, finding)}`,
    )
    return 0
  } catch (cause) {
    if (!(cause instanceof UpstreamFault)) throw cause
    console.info(`✗ ${labelOf(account)}: ${explain(cause, account.kind)}`)
    return 1
  }
}

async function refreshAll({ stores }: State): Promise<number> {
  if (await stores.jobs.want('quota', 'run'))
    console.info(
      'A running server begins to ask within two seconds. See: groxy jobs. End it: groxy jobs cancel quota',
    )
  else console.info('A server is asking already. See: groxy jobs')
  return 0
}
