import type { Vault } from '../crypto'
import { type Extras, NO_EXTRAS } from '../extras'
import type { StoredAccount } from '../store/accounts'

/** The headers and cookies of an account, opened. */
export const openExtras = async (
  vault: Vault,
  { extras }: Pick<StoredAccount, 'extras'>,
): Promise<Extras> => (extras ? (JSON.parse(await vault.open(extras)) as Extras) : NO_EXTRAS)

/** As they are stored: null where there are none. */
export const orNull = (extras: Extras): Extras | null =>
  extras.cookies || Object.keys(extras.headers).length > 0 ? extras : null
