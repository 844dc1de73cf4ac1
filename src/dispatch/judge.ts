import { ApiError, SetupError, UpstreamFault } from '../errors'
import type { Kind } from '../pool/account'
import { covers } from '../pool/charge'
import type { Lease } from '../pool/lease'
import type { Culprit, Effect, Rule } from './rule'
import { RULES } from './verdicts'

/** What a failed attempt means: for the account, for the turn, and for the client. */
export interface Verdict {
  readonly culprit: Culprit
  readonly effect: Effect
  /** What the rest holds for: empty for the whole account. */
  readonly scope: string
  readonly restMs: number | undefined
  /** How long the upstream asks us to stay away, in milliseconds. */
  readonly saidMs: number | undefined
  readonly host: Rule['host']
  readonly elsewhere: boolean
  readonly again: boolean
  readonly refusal: Rule['refusal']
  /** What the client learns when nobody answers. */
  readonly error: ApiError
}

/** Where an attempt was made. */
interface Place {
  readonly kind: Kind
  /** The model as the upstream knows it. */
  readonly model: string
  readonly endpoint: string
  /** The quota that it was charged to, where that is known beforehand. */
  readonly quota?: string | undefined
  /** For how long nothing is left of that, in milliseconds; absent where something is, or nobody knows. */
  readonly dryMs?: number | undefined
}

/** Where the attempt of a lease was made, and what is left there once it is given back. */
export function placeOf(
  { account, member, model, charge }: Lease,
  endpoint: string,
  at: number,
): Place {
  const place = { kind: account.kind, model, endpoint }
  if (!charge) return place
  const quota = member.quotas?.get(charge.bucket)
  const dryMs = quota && !covers(quota, charge, at) ? quota.resetAt - at : undefined
  return { ...place, quota: charge.bucket, dryMs }
}

/** Judge whatever an attempt threw. What is not an upstream's fault is thrown on as it is. */
export function judge(cause: unknown, place: Place): Verdict {
  if (cause instanceof SetupError) return unopened(cause)
  if (!(cause instanceof UpstreamFault)) throw cause
  const rule = RULES.find((candidate) => fits(candidate, cause, place))
  if (!rule) throw cause
  const { model, endpoint, kind, quota = '', dryMs } = place
  const { retryAfterMs, begun = false } = cause.details
  const scopes = { model, endpoint: `${model} ${endpoint}` }
  const charged = rule.culprit === 'quota' ? quota : ''
  const isDry = rule.dryRestMs !== undefined && dryMs !== undefined
  return {
    culprit: rule.culprit,
    // The demo model fails when it is asked to.
    effect: kind === 'demo' ? 'none' : isDry ? 'exhausted' : rule.effect,
    scope: rule.scope ? scopes[rule.scope] : charged,
    restMs: isDry ? Math.min(rule.dryRestMs, dryMs) : rule.restMs,
    saidMs: retryAfterMs,
    host: kind === 'demo' ? undefined : rule.host,
    elsewhere: rule.elsewhere && !begun,
    again: rule.again === true && retryAfterMs !== undefined && !begun,
    refusal: rule.refusal,
    error: ANSWERS[rule.answer](cause),
  }
}

function fits(rule: Rule, { kind: fault, message, details }: UpstreamFault, place: Place) {
  if (rule.kind && rule.kind !== place.kind) return false
  if (typeof rule.fault === 'string' ? rule.fault !== fault : !rule.fault.includes(fault))
    return false
  const { status = 502, code = '' } = details
  if (rule.status && !rule.status.some((one) => isIn(status, one))) return false
  if (rule.namesModel && !names(message, place.model)) return false
  return !rule.says || rule.says.test(code) || rule.says.test(message)
}

/** Whether a text names just this model, and not one whose name begins alike. */
function names(text: string, model: string): boolean {
  const at = model === '' ? -1 : text.indexOf(model)
  return at >= 0 && !/^(?:[\w-]|\.\d)/.test(text.slice(at + model.length))
}

const isIn = (status: number, one: number | readonly [first: number, last: number]): boolean =>
  typeof one === 'number' ? status === one : status >= one[0] && status <= one[1]

/** An account whose secret does not open is no use until its operator mends it. */
const unopened = (cause: SetupError): Verdict => ({
  culprit: 'us',
  effect: 'cooling',
  scope: '',
  restMs: undefined,
  saidMs: undefined,
  host: undefined,
  elsewhere: true,
  again: false,
  refusal: undefined,
  error: new ApiError('not_ready', 'The account cannot be used: the log says why.', { cause }),
})

/** What clients are told. Only a refusal of their own request comes in the upstream's words. */
const ANSWERS: Readonly<Record<Rule['answer'], (fault: UpstreamFault) => ApiError>> = {
  words: (fault) =>
    new ApiError('invalid_value', fault.message, {
      status: fault.details.status,
      type: fault.details.type,
      param: fault.details.param,
      upstreamCode: fault.details.code ?? null,
      cause: fault,
    }),
  limited: (fault) => limited(fault.details.retryAfterMs, fault),
  failed: (cause) => new ApiError('upstream_error', cause.message, { cause }),
  late: (cause) => new ApiError('upstream_timeout', cause.message, { cause }),
  barred: (cause) =>
    new ApiError(
      'upstream_error',
      "The way to the upstream is barred, and the gateway's operator has to act: its ledger says how.",
      { cause },
    ),
  ours: (cause) =>
    new ApiError('upstream_error', 'The upstream refused the account that Groxy used.', { cause }),
}

/** Every account that could answer is out of quota. */
export const limited = (retryAfterMs: number | undefined, cause?: unknown) => {
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 60_000) / 1000))
  return new ApiError(
    'rate_limit_exceeded',
    `No account can take this request now. Try again in ${seconds} s.`,
    { retryAfter: seconds, cause },
  )
}
