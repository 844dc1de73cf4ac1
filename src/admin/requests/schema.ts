import Type, { type Static } from 'typebox'
import { OUTCOMES } from './query'

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

const Named = (what: string) =>
  Type.Object(
    {
      id: Type.String(),
      name: nullable(Type.String(), `What it is called; null when the ${what} is gone.`),
    },
    { additionalProperties: false },
  )

const Account = Type.Object(
  {
    id: Type.String(),
    name: nullable(Type.String(), '`KIND/NAME`; null when the account is gone.'),
  },
  { additionalProperties: false },
)

export const AttemptObject = Type.Object(
  {
    account: Account,
    model: Type.String({ description: 'As the upstream was asked.' }),
    duration_ms: Type.Integer(),
    fault: nullable(Type.String(), 'What went wrong; null for the attempt that gave the answer.'),
    status: nullable(Type.Integer(), "The upstream's status."),
    code: nullable(Type.String(), 'A code for what went wrong.'),
    effect: nullable(
      Type.String(),
      'What became of the account: `none`, `cooling`, `exhausted`, `suspect`.',
    ),
    says: nullable(Type.String(), "The upstream's words, unless they are about what was asked."),
  },
  { additionalProperties: false, title: 'AdminRequestAttempt' },
)

/** A request, and what became of it. */
export const RequestObject = Type.Object(
  {
    id: Type.String({ description: 'As in the header `x-request-id`.' }),
    object: Type.Literal('request'),
    row: Type.Integer({
      description: 'Its place in the ledger: a request with several calls has several.',
    }),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    outcome: Type.Enum([...OUTCOMES]),
    status: Type.Integer({ description: 'What the client was told.' }),
    error_code: nullable(Type.String(), 'Why it did not go well.'),
    key: Named('key'),
    endpoint: Type.String(),
    stream: Type.Boolean(),
    model: Type.String({ description: 'As the client asked.' }),
    model_used: nullable(Type.String(), 'As the upstream was asked.'),
    kind: nullable(Type.String(), 'The kind of the account.'),
    account: nullable(Account, 'Who gave the answer, or tried last.'),
    attempts: Type.Integer(),
    attempt_log: Type.Array(AttemptObject, {
      description: 'Every attempt in order; empty when the first one gave the answer.',
    }),
    first_byte_ms: nullable(Type.Integer(), 'Until the answer began.'),
    total_ms: Type.Integer(),
    usage: Type.Object(
      {
        input_tokens: Type.Integer(),
        cached_tokens: Type.Integer(),
        output_tokens: Type.Integer(),
        reasoning_tokens: Type.Integer(),
        source: Type.String({ description: '`reported`, `estimated` or `none`.' }),
      },
      { additionalProperties: false },
    ),
    cost_usd_ticks: nullable(Type.Integer(), '10^10 are one US dollar; null when nobody knows.'),
    cost_source: nullable(Type.String(), '`reported` by the upstream, or `computed` from prices.'),
  },
  { additionalProperties: false, title: 'AdminRequest' },
)
export type RequestObject = Static<typeof RequestObject>

export const RequestList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(RequestObject),
    has_more: Type.Boolean({
      description:
        'Whether there may be more: a look ends after 100,000 requests, so that a page may be short, or empty, with more behind it.',
    }),
    next: nullable(Type.String(), 'For `after`, to go on.'),
    looked_until: nullable(
      Type.Integer(),
      'Unix seconds: how far was looked, where the look was ended early.',
    ),
  },
  { additionalProperties: false, title: 'AdminRequestList' },
)

export const RequestDetail = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('request.detail'),
    data: Type.Array(RequestObject, { description: 'One, or one for each call that it took.' }),
    content: nullable(
      Type.Object({ request: Type.String(), answer: Type.String() }),
      'What was said, where `keep_content_days` has it kept; without what looks like a secret.',
    ),
    curl: Type.String({
      description: 'The same request as a command; it takes the key from `$GROXY_KEY`.',
    }),
  },
  { additionalProperties: false, title: 'AdminRequestDetail' },
)

export const Cleared = Type.Object(
  { object: Type.Literal('request.cleared'), removed: Type.Integer() },
  { additionalProperties: false, title: 'AdminRequestsCleared' },
)
