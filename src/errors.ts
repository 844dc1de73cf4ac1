/** What an OpenAI client finds in the body of every failed request. */
export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

/**
 * Every failure that Groxy itself can report, by its stable `code`: the HTTP status and the `type`
 * that OpenAI's API pairs with it.
 */
const FAILURES = {
  invalid_json: [400, 'invalid_request_error'],
  invalid_value: [400, 'invalid_request_error'],
  websocket_connection_limit_reached: [400, 'invalid_request_error'],
  duplicate_key: [400, 'invalid_request_error'],
  unsupported_parameter: [400, 'invalid_request_error'],
  content_policy_violation: [400, 'invalid_request_error'],
  file_not_found: [400, 'invalid_request_error'],
  previous_response_not_found: [400, 'invalid_request_error'],
  invalid_api_key: [401, 'invalid_request_error'],
  not_logged_in: [401, 'invalid_request_error'],
  wrong_password: [401, 'invalid_request_error'],
  model_not_allowed: [403, 'invalid_request_error'],
  access_denied: [403, 'invalid_request_error'],
  cross_site: [403, 'invalid_request_error'],
  link_expired: [403, 'invalid_request_error'],
  model_not_found: [404, 'invalid_request_error'],
  unknown_path: [404, 'invalid_request_error'],
  not_found: [404, 'invalid_request_error'],
  method_not_allowed: [405, 'invalid_request_error'],
  request_timeout: [408, 'invalid_request_error'],
  revision_conflict: [409, 'invalid_request_error'],
  already_exists: [409, 'invalid_request_error'],
  job_state: [409, 'invalid_request_error'],
  not_here: [409, 'invalid_request_error'],
  response_in_progress: [409, 'invalid_request_error'],
  video_not_ready: [409, 'invalid_request_error'],
  body_too_large: [413, 'invalid_request_error'],
  file_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  range_not_satisfiable: [416, 'invalid_request_error'],
  rate_limit_exceeded: [429, 'rate_limit_error'],
  // Clients tell by the type that a retry within seconds is in vain.
  daily_quota_exceeded: [429, 'insufficient_quota'],
  insufficient_quota: [429, 'insufficient_quota'],
  storage_full: [429, 'insufficient_quota'],
  headers_too_large: [431, 'invalid_request_error'],
  client_gone: [499, 'invalid_request_error'],
  internal_error: [500, 'server_error'],
  upstream_error: [502, 'server_error'],
  images_incomplete: [502, 'server_error'],
  media_unavailable: [502, 'server_error'],
  no_account: [503, 'server_error'],
  not_ready: [503, 'server_error'],
  upstream_timeout: [504, 'server_error'],
} as const satisfies Record<string, readonly [status: number, type: string]>

export type FailureCode = keyof typeof FAILURES

interface Details {
  /** The request field at fault, as a path such as `messages.0.role`. */
  readonly param?: string | undefined
  /** Seconds after which the same request may succeed: sent as `Retry-After`. */
  readonly retryAfter?: number | undefined
  /** Methods that the path takes: sent as `Allow`. */
  readonly allow?: readonly string[] | undefined
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly cause?: unknown
  /** Replace what `code` stands for: an upstream's own refusal keeps its status, type and code. */
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly upstreamCode?: string | null | undefined
}

/** A failure we can explain to the caller. Anything else that is thrown is a bug, and a bare 500. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: FailureCode
  readonly details: Details

  constructor(code: FailureCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return this.details.status ?? FAILURES[this.code][0]
  }

  toBody(): ErrorBody {
    const { type, param, upstreamCode } = this.details
    return {
      error: {
        message: this.message,
        type: type ?? FAILURES[this.code][1],
        param: param ?? null,
        code: upstreamCode === undefined ? this.code : upstreamCode,
      },
    }
  }
}

/** A mistake of the operator (environment, database, command line): shown without a stack. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
  /** What to do about it. */
  readonly remedy: string

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause })
    this.remedy = remedy
  }
}

/** When a store of pictures, videos and files fails: clients are told nothing of where it is, the log is. */
export const unkept = (problem: SetupError): ApiError =>
  new ApiError(
    'not_ready',
    'Pictures, videos and files cannot be kept or read just now. The operator of Groxy finds why in its log.',
    { cause: problem },
  )

interface FaultDetails {
  /** The HTTP status, or the number an in-band error carries. */
  readonly status?: number | undefined
  /** The upstream's own `type`, `code` and `param`, as far as it gave them. */
  readonly type?: string | undefined
  readonly code?: string | undefined
  readonly param?: string | undefined
  readonly retryAfterMs?: number | undefined
  /** An answer had begun: nobody else is asked the same. */
  readonly begun?: boolean | undefined
  readonly cause?: unknown
}

/**
 * What went wrong between us and an upstream: no connection came about, it kept silent, pointed
 * elsewhere, refused, talked nonsense, or broke the connection. `egress` is our own proxy that failed,
 * of which neither account nor upstream knows; `unable` is an upstream that was not asked, since it has
 * nothing of the kind that the request cannot do without; `unfit` is an answer that came and has not the
 * form that was asked for.
 */
export type FaultKind =
  | 'unreachable'
  | 'egress'
  | 'unable'
  | 'unfit'
  | 'timeout'
  | 'redirect'
  | 'refused'
  | 'malformed'
  | 'broken'

/** A failure of an upstream or of the way to it, before anyone judged whose fault it is. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault'
  readonly kind: FaultKind
  readonly details: FaultDetails

  constructor(kind: FaultKind, message: string, details: FaultDetails = {}) {
    super(message, { cause: details.cause })
    this.kind = kind
    this.details = details
  }
}

/** The fault of an upstream that cannot do what a field of the request asks for; another one may. */
export const unable = (
  message: string,
  param: string,
  code = 'unsupported_parameter',
): UpstreamFault => new UpstreamFault('unable', message, { status: 400, code, param })

/** What a failure says, whatever was thrown. */
export const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
