import type { FileAccount } from './account'

/** What stands at one place of a file: an account, or why there is none. */
export type Found = FoundAccount | { readonly where: string; readonly problem: string }

export interface FoundAccount {
  /** A line or a path, which quotes nothing of a secret. */
  readonly where: string
  readonly account: FileAccount
}
