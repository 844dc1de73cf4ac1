import Type, { type Static } from 'typebox'
import { USAGE_BY } from '../../store/ledger-queries'

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

const SUMS = {
  requests: Type.Integer(),
  succeeded: Type.Integer(),
  failed: Type.Integer({ description: 'Also those that broke off within the answer.' }),
  left: Type.Integer({ description: 'Whose client left.' }),
  input_tokens: Type.Integer(),
  cached_tokens: Type.Integer(),
  output_tokens: Type.Integer(),
  reasoning_tokens: Type.Integer(),
  cost_usd_ticks: Type.Integer({ description: '10^10 are one US dollar.' }),
  mean_ms: nullable(Type.Integer(), 'What one took on average; null where there were none.'),
}

/** What some requests came to. */
export const SumsObject = Type.Object(SUMS, { additionalProperties: false, title: 'AdminSums' })
export type SumsObject = Static<typeof SumsObject>

const NamedObject = Type.Object(
  {
    id: Type.String({ description: "A key's or account's id, or a model." }),
    name: nullable(Type.String(), 'What it is called; null when it is gone.'),
    ...SUMS,
  },
  { additionalProperties: false, title: 'AdminNamedSums' },
)

const Counts = Type.Record(Type.String(), Type.Integer())

/** How the gateway does. */
export const OverviewObject = Type.Object(
  {
    object: Type.Literal('overview'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    today: SumsObject,
    yesterday_until_now: SumsObject,
    last_24_hours: SumsObject,
    day_before: SumsObject,
    hours: Type.Array(
      Type.Object({ starts_at: Type.Integer({ description: 'Unix seconds.' }), ...SUMS }),
      { description: 'The last 24, the oldest first.' },
    ),
    days: Type.Array(
      Type.Object({
        day: Type.String({ description: 'In the zone of `time_zone_minutes`.' }),
        ...SUMS,
      }),
      { description: 'The last 14, the oldest first.' },
    ),
    latency: Type.Object(
      {
        requests: Type.Integer({ description: 'How many of the last ones are reckoned with.' }),
        p50_ms: nullable(Type.Integer(), 'Half of them took no longer.'),
        p95_ms: nullable(Type.Integer(), '95 % of them took no longer.'),
        first_byte_p50_ms: nullable(Type.Integer(), 'The same, until the answer began.'),
        first_byte_p95_ms: nullable(Type.Integer(), 'The same, until the answer began.'),
      },
      { description: 'Of the last requests that went well.' },
    ),
    pool: Type.Array(
      Type.Object({
        kind: Type.String(),
        tier: nullable(Type.String(), 'Of a session, where it is known.'),
        accounts: Type.Integer(),
        states: Counts,
        reasons: Type.Record(Type.String(), Type.String(), {
          description: 'The most frequent reason of a state.',
        }),
      }),
    ),
    attention: Type.Array(
      Type.Object({
        what: Type.String({ description: 'Stable: decide by this.' }),
        level: Type.Enum(['bad', 'warn']),
        count: Type.Integer(),
        about: Type.String({ description: 'A kind, a code, or names.' }),
        says: nullable(Type.String(), 'Why, in the words of an upstream or of the pool.'),
        path: Type.String({ description: 'The page where something can be done.' }),
      }),
      { description: 'What needs an operator, the gravest first.' },
    ),
    top_keys: Type.Array(NamedObject),
    top_models: Type.Array(NamedObject),
  },
  { additionalProperties: false, title: 'AdminOverview' },
)

/** What was used, by key, model or account. */
export const UsageList = Type.Object(
  {
    object: Type.Literal('list'),
    by: Type.Enum([...USAGE_BY]),
    days: Type.Integer(),
    data: Type.Array(NamedObject),
    has_more: Type.Boolean(),
    next: Type.Null(),
    total: SumsObject,
  },
  { additionalProperties: false, title: 'AdminUsage' },
)
