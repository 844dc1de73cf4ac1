import type { Account, Kind } from '../pool/account'
import { isHostedType } from '../turn/tools'
import type { Ask, Upstream } from '../upstream/upstream'

/**
 * Which accounts can do all that a turn offers its model beside the client's own tools, such as a search
 * of the web; undefined where it offers nothing of the kind. A turn that must have it is refused by those
 * that cannot, and needs no preference.
 */
export function preferenceOf(
  ask: Ask,
  upstreams: Readonly<Record<Kind, Upstream>>,
): ((account: Account) => boolean) | undefined {
  const request = ask.dialect === 'chat' ? ask.request.value : ask.request
  const { tools, tool_choice: choice } = request
  if (choice !== undefined && choice !== null && choice !== 'auto') return
  const search = 'web_search_options' in request && request.web_search_options
  if (!search && !tools?.some(({ type }) => isHostedType(type))) return
  const hosted = (tools ?? []).map(({ type }) => type).filter(isHostedType)
  if (search) hosted.push('web_search')
  return (account) => {
    const { runs } = upstreams[account.kind]
    return runs !== undefined && hosted.every((tool) => runs(tool, account, ask.dialect))
  }
}
