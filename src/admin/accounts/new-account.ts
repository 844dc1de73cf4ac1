import { ApiError } from '../../errors'
import { NO_EXTRAS } from '../../extras'
import { usualAddress } from '../../operator/account-address'
import type { PastedForm } from '../../operator/pasted'
import { fingerprintOf, generatedName } from '../../store/account-columns'
import type { FoundAccount } from '../../store/account-file/found'
import type { AccountKind, NewAccount } from '../../store/accounts'
import type { AdminParts } from '../parts'
import { wantedOf } from './changes'
import type { NewAccountFields } from './fields'
import { look, unread } from './look'

type Parts = Pick<AdminParts, 'config' | 'stores' | 'canProxy'>

/** An account that is to be added. */
interface Making {
  readonly account: NewAccount
  /** What the text was taken for; undefined where fields said it all. */
  readonly form: PastedForm | undefined
  /** Cookies and headers that could not be taken over. */
  readonly leftOut: readonly string[]
}

/**
 * Make an account of what an operator has typed or pasted. What fields say counts before what the text
 * says.
 *
 * @throws ApiError that names the field
 */
export async function newAccount(parts: Parts, wanted: NewAccountFields): Promise<Making> {
  const { text, keep: _, kind: said, ...fields } = wanted
  const read = text === undefined ? undefined : readOne(text, wanted)
  const kind = read?.account.kind ?? said
  if (kind === undefined)
    throw new ApiError('invalid_value', 'Say which kind of account it is.', { param: 'kind' })
  const { changes, extras, leftOut } = wantedOf(kind, fields, parts.canProxy)
  const pasted = read?.account
  if (pasted?.proxy) wantedOf(kind, { proxy: pasted.proxy }, parts.canProxy)
  const secret = changes.secret ?? pasted?.secret
  if (secret === undefined)
    throw new ApiError('invalid_value', 'An account needs a secret.', { param: 'secret' })
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const account: NewAccount = {
    ...(pasted && {
      ...{ enabled: pasted.enabled, tier: pasted.tier, tags: pasted.tags, note: pasted.note },
      ...{ weight: pasted.weight, maxInFlight: pasted.maxInFlight, models: pasted.models },
      ...{ requestsPerMinute: pasted.requestsPerMinute, api: pasted.api, proxy: pasted.proxy },
    }),
    extras: pasted?.extras,
    ...Object.fromEntries(given),
    ...(extras && { extras: extras(pasted?.extras ?? NO_EXTRAS) }),
    ...{ kind, secret },
    name: changes.name ?? pasted?.name ?? (await freeName(parts, kind, secret)),
    baseUrl: changes.baseUrl ?? pasted?.baseUrl ?? usualAddress(parts.config, kind),
  }
  return { account, form: read?.form, leftOut: [...(pasted?.leftOut ?? []), ...leftOut] }
}

/** The one account of a text. */
function readOne(text: string, { kind, secret, base_url: address }: NewAccountFields) {
  if (secret !== undefined)
    throw new ApiError('invalid_value', 'Give either "text" or "secret".', { param: 'text' })
  // Whose key it is may only be told by the address, which stands in a field of its own.
  const isBare = kind === undefined && address !== undefined && !/\s/.test(text.trim())
  const pasted = look(isBare ? `${text} ${address}` : text, kind)
  const [place, ...more] = pasted.places.filter((one): one is FoundAccount => 'account' in one)
  if (!place) throw unread(pasted)
  if (more.length > 0)
    throw new ApiError(
      'invalid_value',
      `There are ${more.length + 1} accounts in that text: import it.`,
      { param: 'text' },
    )
  if (kind !== undefined && place.account.kind !== kind)
    throw new ApiError('invalid_value', `That is an account of the kind ${place.account.kind}.`, {
      param: 'kind',
    })
  return { account: place.account, form: pasted.form }
}

/** Whoever pastes a second key need not think of a name. */
async function freeName({ stores }: Parts, kind: AccountKind, secret: string): Promise<string> {
  const taken = kind === 'web' || (await stores.accountSearch.count({ kind, name: kind })) > 0
  return taken ? generatedName(kind, await fingerprintOf(kind, secret)) : kind
}
