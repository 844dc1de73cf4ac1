import { ApiError, SetupError, UpstreamFault } from '../errors'
import type { Kind } from '../pool/account'
import type { CoolingReason } from '../pool/cooldown'

/** What a failed attempt means: for the account, for the turn, and for the client. */
export interface Verdict {
  /** Why the account rests; undefined when it is not to blame. */
  readonly cooling?: CoolingReason | undefined
  readonly retryAfterMs?: number | undefined
  /** Another account may answer the same request. */
  readonly elsewhere: boolean
  /** What the client learns when nobody answers. */
  readonly error: ApiError
}

/** What an upstream says about our credential, in refusals whose status says something else. */
const CREDENTIAL =
  /(?:incorrect|invalid|wrong|missing|expired|unknown|bad) (?:x-)?api[ _-]?key|api key .*(?:invalid|incorrect|not valid|disabled|blocked)/i
/** A 403 about what was asked, not about who asked. */
const MODERATION = /content|moderat|safety|usage guidelines|policy/i

/** Judge whatever an attempt threw. What is not an upstream's fault is thrown on as it is. */
export function judge(cause: unknown, kind: Kind): Verdict {
  if (cause instanceof SetupError) return unopened(cause)
  if (!(cause instanceof UpstreamFault)) throw cause
  // The demo model fails when it is asked to.
  if (kind === 'demo') return { ...judgeFault(cause), cooling: undefined }
  return judgeFault(cause)
}

/** An account whose secret does not open is no use until its operator mends it. */
const unopened = (cause: SetupError): Verdict => ({
  cooling: 'unauthorized',
  elsewhere: true,
  error: new ApiError('not_ready', 'The account cannot be used: the log says why.', { cause }),
})

function judgeFault(cause: UpstreamFault): Verdict {
  const { status, retryAfterMs } = cause.details
  switch (cause.kind) {
    case 'refused':
      return judgeRefusal(cause, status ?? 502, retryAfterMs)
    case 'timeout':
      return { cooling: 'fault', elsewhere: true, error: timeout(cause) }
    default:
      return { cooling: 'fault', retryAfterMs, elsewhere: true, error: failure(cause) }
  }
}

function judgeRefusal(
  fault: UpstreamFault,
  status: number,
  retryAfterMs: number | undefined,
): Verdict {
  const { message, details } = fault
  const aboutCredential =
    status === 401 || (status === 400 && CREDENTIAL.test(`${message} ${details.code ?? ''}`))
  if (aboutCredential || (status === 403 && !MODERATION.test(message)))
    return { cooling: 'unauthorized', retryAfterMs, elsewhere: true, error: ours(fault) }
  if (status === 402 || status === 429)
    return { cooling: 'quota', retryAfterMs, elsewhere: true, error: limited(retryAfterMs, fault) }
  if (status === 408 || status >= 500)
    return { cooling: 'fault', retryAfterMs, elsewhere: true, error: failure(fault) }
  // A model that this account's upstream does not know may be known to another's.
  if (status === 404) return { elsewhere: true, error: clients(fault, status) }
  return { elsewhere: false, error: clients(fault, status) }
}

/** The client's fault: the upstream's own words, status and code. */
const clients = (fault: UpstreamFault, status: number) =>
  new ApiError('invalid_value', fault.message, {
    status,
    type: fault.details.type,
    param: fault.details.param,
    upstreamCode: fault.details.code ?? null,
    cause: fault,
  })

/** The upstream refused our account, which is no business of the client's. */
const ours = (fault: UpstreamFault) =>
  new ApiError('upstream_error', 'The upstream refused the account that Groxy used.', {
    cause: fault,
  })

/** Every account that could answer is out of quota. */
export const limited = (retryAfterMs: number | undefined, cause?: unknown) => {
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 60_000) / 1000))
  return new ApiError(
    'rate_limit_exceeded',
    `No account can take this request now. Try again in ${seconds} s.`,
    { retryAfter: seconds, cause },
  )
}

const failure = (fault: UpstreamFault) =>
  new ApiError('upstream_error', fault.message, { cause: fault })

const timeout = (fault: UpstreamFault) =>
  new ApiError('upstream_timeout', fault.message, { cause: fault })
