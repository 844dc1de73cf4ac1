import type { FaultKind } from '../errors'
import type { Kind } from '../pool/account'
import type { HostSign } from '../pool/host'
import type { RestState } from '../pool/rest'

/** Whose fault a failed attempt is. */
export type Culprit = 'client' | 'account' | 'quota' | 'egress' | 'upstream' | 'us'

/** What becomes of the account. `suspect` is asked again before it counts as expired or disabled. */
export type Effect = 'none' | Exclude<RestState, 'expired' | 'disabled'>

/** What the client learns when nobody else answers. */
type Answer = 'words' | 'limited' | 'failed' | 'late' | 'ours' | 'barred'

/** One row of the table by which attempts are judged; the first that fits decides. */
export interface Rule {
  /** What it is, for people and tests. */
  readonly name: string
  /** Only for accounts of this kind. */
  readonly kind?: Kind
  readonly fault: FaultKind | readonly FaultKind[]
  /** Only for these statuses, each a number or the first and last of a range. */
  readonly status?: readonly (number | readonly [first: number, last: number])[]
  /** Only when the upstream's message or code says so. */
  readonly says?: RegExp
  /** Only when it names the model, so that others may still work. */
  readonly namesModel?: boolean
  readonly culprit: Culprit
  readonly effect: Effect
  /** How long it rests when the upstream does not say; else 30 s, doubling to 10 min. */
  readonly restMs?: number
  /** The same where nothing is left of the quota that it was charged to: then it counts as exhausted. */
  readonly dryRestMs?: number
  /** What the rest holds for; else the quota that the turn was charged to, if that is to blame, or all. */
  readonly scope?: 'model' | 'endpoint'
  /** The host may be to blame for it; `certain` when nobody answered at all. */
  readonly host?: HostSign
  /** Another account may answer the same request. */
  readonly elsewhere: boolean
  /** The same account may answer it after the time that the upstream gave. */
  readonly again?: boolean
  /** Why a route may go on to its next model, although the request itself was refused. */
  readonly refusal?: 'context_length' | 'moderation'
  readonly answer: Answer
}
