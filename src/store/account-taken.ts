import { SetupError } from '../errors'
import type { AccountKind, StoredAccount } from './accounts'

/** That the name or the secret which an account is to get is another's already. */
export class AccountTaken extends SetupError {
  readonly what: 'name' | 'secret'
  readonly kind: AccountKind
  /** What the other is called. */
  readonly by: string

  constructor(
    what: AccountTaken['what'],
    { kind, name }: Pick<StoredAccount, 'kind' | 'name'>,
    message: string,
    remedy: string,
  ) {
    super(message, remedy)
    this.what = what
    this.kind = kind
    this.by = name
  }
}
