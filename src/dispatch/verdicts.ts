import type { FaultKind } from '../errors'
import type { HostSign } from '../pool/host'
import type { RestState } from '../pool/rest'
import { ABOUT_KEY, BLOCKED, CHALLENGE } from '../upstream/fault'

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
  /** What the rest holds for; else the whole account. */
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

/** A 403 about what was asked, not about who asked. */
const MODERATION =
  /content[ _](?:policy|filter|violat)|moderat|\bsafety|usage (?:guidelines|policies)|\bpolic(?:y|ies)\b/i
const CONTEXT =
  /context[ _](?:length|window)|maximum (?:prompt|context)|prompt (?:is )?too long|too many (?:input )?tokens/i
/** Not what OpenAI adds to every rate limit: that a payment method would raise it. */
const MONEY =
  /insufficient_quota|exceeded your current quota|(?:out of|no|any|not enough|insufficient) credits|spending limit|credit balance/i
const PERMISSION = /access|permission|permitted|allowed|authorized/i

const MINUTE_MS = 60_000

/** Every way in which an attempt can fail. */
export const RULES: readonly Rule[] = [
  {
    name: 'the proxy',
    fault: 'egress',
    culprit: 'egress',
    // Not a mark against the account: it keeps turns from a way that is barred.
    effect: 'cooling',
    elsewhere: true,
    answer: 'barred',
  },
  {
    name: 'a challenge of the edge, which is about our address and not about the account',
    fault: 'refused',
    says: new RegExp(`^${CHALLENGE}$`),
    culprit: 'egress',
    effect: 'none',
    elsewhere: true,
    answer: 'barred',
  },
  {
    name: 'no connection',
    fault: 'unreachable',
    culprit: 'upstream',
    effect: 'cooling',
    host: 'certain',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'a connection that broke before the answer',
    fault: 'broken',
    culprit: 'upstream',
    effect: 'cooling',
    host: 'likely',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'silence',
    fault: 'timeout',
    culprit: 'upstream',
    effect: 'cooling',
    elsewhere: true,
    answer: 'late',
  },
  {
    name: 'nonsense, or a pointer elsewhere',
    fault: ['malformed', 'redirect'],
    culprit: 'upstream',
    effect: 'cooling',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'a refused credential',
    fault: 'refused',
    status: [401],
    culprit: 'account',
    effect: 'suspect',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'a refused credential, as xAI says it',
    fault: 'refused',
    status: [400, 403],
    says: ABOUT_KEY,
    culprit: 'account',
    effect: 'suspect',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'no credit, as a refusal',
    fault: 'refused',
    status: [403],
    says: MONEY,
    culprit: 'quota',
    effect: 'exhausted',
    restMs: 10 * MINUTE_MS,
    elsewhere: true,
    answer: 'limited',
  },
  {
    name: 'a blocked account',
    fault: 'refused',
    status: [403],
    says: BLOCKED,
    culprit: 'account',
    effect: 'suspect',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'a moderated request',
    fault: 'refused',
    status: [400, 403],
    says: MODERATION,
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    refusal: 'moderation',
    answer: 'words',
  },
  {
    name: 'a model that the account may not use',
    fault: 'refused',
    status: [403],
    says: PERMISSION,
    namesModel: true,
    culprit: 'account',
    effect: 'cooling',
    restMs: 10 * MINUTE_MS,
    scope: 'model',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'an account without permission',
    fault: 'refused',
    status: [403],
    culprit: 'account',
    effect: 'suspect',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'no credit',
    fault: 'refused',
    status: [402],
    culprit: 'quota',
    effect: 'exhausted',
    restMs: 10 * MINUTE_MS,
    elsewhere: true,
    answer: 'limited',
  },
  {
    name: 'no credit, as a rate limit',
    fault: 'refused',
    status: [429],
    says: MONEY,
    culprit: 'quota',
    effect: 'exhausted',
    restMs: 10 * MINUTE_MS,
    elsewhere: true,
    answer: 'limited',
  },
  {
    name: 'a rate limit of one model',
    fault: 'refused',
    status: [429],
    namesModel: true,
    culprit: 'quota',
    effect: 'cooling',
    restMs: MINUTE_MS,
    scope: 'model',
    elsewhere: true,
    again: true,
    answer: 'limited',
  },
  {
    name: 'a rate limit of one endpoint',
    fault: 'refused',
    status: [429],
    says: /\bendpoint\b/i,
    culprit: 'quota',
    effect: 'cooling',
    restMs: MINUTE_MS,
    scope: 'endpoint',
    elsewhere: true,
    again: true,
    answer: 'limited',
  },
  {
    name: 'a rate limit',
    fault: 'refused',
    status: [429],
    culprit: 'quota',
    effect: 'cooling',
    restMs: MINUTE_MS,
    elsewhere: true,
    again: true,
    answer: 'limited',
  },
  {
    name: 'a model that this upstream does not know',
    fault: 'refused',
    status: [404],
    culprit: 'client',
    effect: 'none',
    elsewhere: true,
    answer: 'words',
  },
  {
    name: 'a request that is too long for the model',
    fault: 'refused',
    status: [400, 413, 422],
    says: CONTEXT,
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    refusal: 'context_length',
    answer: 'words',
  },
  {
    name: 'an upstream that took too long',
    fault: 'refused',
    status: [408],
    culprit: 'upstream',
    effect: 'cooling',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'a gateway that finds nobody behind it',
    fault: 'refused',
    status: [502, 504, [520, 527]],
    culprit: 'upstream',
    effect: 'cooling',
    host: 'likely',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'an overload',
    fault: 'refused',
    status: [503, 529],
    culprit: 'upstream',
    effect: 'cooling',
    elsewhere: true,
    again: true,
    answer: 'failed',
  },
  {
    name: 'a fault of the upstream',
    fault: 'refused',
    status: [[500, 599]],
    culprit: 'upstream',
    effect: 'cooling',
    elsewhere: true,
    answer: 'failed',
  },
  {
    name: 'any other refusal of the request',
    fault: 'refused',
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    answer: 'words',
  },
]
