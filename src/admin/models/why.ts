import { DEMO_ID } from '../../pool/roster'
import type { StoredAlias } from '../../store/aliases'
import { WEB_MODELS } from '../../upstream/web/models'
import type { AdminParts } from '../parts'

/** A reason why a model is not listed, and what it is about. */
export interface Why {
  readonly code: 'targets' | 'no_account' | 'tier' | 'no_session' | 'off' | 'unlisted' | 'nobody'
  /** Models, accounts, a tier or a number. */
  readonly about: string
}

const MOST_NAMES = 5

/** Why `GET /v1/models` has no such model, the most likely reason first. */
export async function whyNot(
  { catalog, pool, stores }: Pick<AdminParts, 'catalog' | 'pool' | 'stores'>,
  id: string,
  alias: StoredAlias | undefined,
): Promise<readonly Why[]> {
  if (alias) {
    const about = alias.route.targets.map(({ model }) => model).join(', ')
    return [{ code: 'targets', about }]
  }
  const isDemo = pool.member(DEMO_ID) !== undefined
  if (pool.size() === (isDemo ? 1 : 0)) return [{ code: 'no_account', about: '' }]
  const found: Why[] = []
  const web = WEB_MODELS.get(id)
  if (web) {
    const hasSession = catalog.ofKind('web', id) !== undefined
    if (!hasSession) found.push({ code: 'no_session', about: '' })
    else if (catalog.servers(id).length === 0) found.push({ code: 'tier', about: web.least })
  }
  const off = await stores.modelLists.ofAccountsThatAreOff(id, MOST_NAMES)
  if (off.length > 0) found.push({ code: 'off', about: off.join(', ') })
  const unlisted = catalog.unlisted()
  if (unlisted > 0) found.push({ code: 'unlisted', about: String(unlisted) })
  return found.length > 0 ? found : [{ code: 'nobody', about: '' }]
}
