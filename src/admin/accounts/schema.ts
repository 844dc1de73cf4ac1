import Type, { type Static } from 'typebox'
import { ACCOUNT_STATES, TIER_FILTERS } from '../../store/account-filter'
import { ACCOUNT_SORTS } from '../../store/account-pages'
import { ACCOUNT_KINDS, REST_STATES, TIERS } from '../../store/schema'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(
  schema: T,
  description: string,
) => Type.Union([schema, Type.Null()], { description })

const time = (description: string) => Type.Integer({ description: `${description}, Unix seconds.` })

/** How an account does. */
const CONDITIONS = ['ready', 'full', 'down', 'off', 'absent', ...REST_STATES] as const

const AccountRest = Type.Object({
  scope: Type.String({
    description: 'Empty for the whole account, else a model, a model and an endpoint, or a quota.',
  }),
  state: Type.Enum([...REST_STATES]),
  reason: Type.String({ description: "For people: its upstream's words, without secrets." }),
  until: orNull(Type.Integer(), 'Unix seconds; null until a test or an operator says otherwise.'),
})

const AccountQuota = Type.Object({
  bucket: Type.String({ description: 'What is limited, such as `units grok-4`.' }),
  limit: Type.Integer(),
  remaining: Type.Integer(),
  resets_at: time('When it begins anew'),
  source: Type.Enum(['reported', 'estimated']),
  learnt_at: time('When this was learnt'),
})

/** An account, as the admin API tells of it: without its secret. */
export const AccountObject = Type.Object(
  {
    object: Type.Literal('account'),
    id: Type.String(),
    kind: Type.Enum([...ACCOUNT_KINDS]),
    name: Type.String(),
    source: Type.Enum(['database', 'environment'], {
      description: 'Accounts of the environment are changed there; they can be tested and cleared.',
    }),
    base_url: Type.String(),
    hint: orNull(Type.String(), 'The last signs of its secret.'),
    enabled: Type.Boolean(),
    state: Type.Enum([...CONDITIONS], {
      description:
        'As this instance sees it. `full`: it has as many turns under way as it may; `down`: its server does not answer; `off`: switched off; `absent`: not in the pool.',
    }),
    rests: Type.Array(AccountRest, { description: 'What is held against it now.' }),
    quotas: Type.Array(AccountQuota),
    in_flight: Type.Integer({ description: 'Turns under way on this instance.' }),
    tier: orNull(Type.Enum([...TIERS]), 'Of a grok.com session.'),
    weight: Type.Integer(),
    max_in_flight: orNull(Type.Integer(), 'Turns at once; null for no limit.'),
    requests_per_minute: orNull(Type.Integer(), 'Turns a minute; null for no limit.'),
    models: orNull(Type.Array(Type.String()), 'Those that it serves; null to ask its upstream.'),
    api: orNull(Type.String(), 'What its server speaks; null for what is usual there.'),
    proxy: orNull(Type.String(), 'Host and port of a proxy of its own.'),
    header_names: Type.Array(Type.String()),
    cookie_names: Type.Array(Type.String()),
    tags: Type.Array(Type.String()),
    note: orNull(Type.String(), 'For people.'),
    revision: Type.Integer({ description: 'Goes along with a change: see PATCH.' }),
    created_at: orNull(Type.Integer(), 'Unix seconds; null for one of the environment.'),
  },
  { title: 'Account' },
)
export type AccountObject = Static<typeof AccountObject>

/** A page of accounts. */
export const AccountListObject = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(AccountObject),
    has_more: Type.Boolean(),
    next: orNull(Type.String(), 'Give it as `after` for what follows.'),
    total: Type.Integer({ description: 'How many fit the filter.' }),
  },
  { title: 'AccountList' },
)

const optional = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Optional(schema)

/** What a list of accounts is asked for. */
export const AccountListQuery = Type.Object(
  {
    q: optional(
      Type.String({
        maxLength: 200,
        description: 'Words that name, note, tags, address or the end of the secret hold.',
      }),
    ),
    kind: optional(Type.Enum([...ACCOUNT_KINDS])),
    tier: optional(Type.Enum([...TIER_FILTERS])),
    state: optional(
      Type.Enum([...ACCOUNT_STATES], {
        description: 'Switched `on` or `off`, `ready`, or why it, or a part of it, rests.',
      }),
    ),
    tag: optional(Type.String({ maxLength: 64 })),
    sort: optional(Type.Enum([...ACCOUNT_SORTS], { default: 'name' })),
    limit: optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    after: optional(Type.String({ description: 'The `next` of the part before this one.' })),
  },
  { additionalProperties: false },
)

/** Every tag, and how many accounts have it. */
export const AccountTags = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(Type.Object({ tag: Type.String(), accounts: Type.Integer() })),
  },
  { title: 'AccountTags' },
)

const Counts = Type.Record(Type.String(), Type.Integer())

/** How many accounts there are. */
export const AccountStats = Type.Object(
  {
    object: Type.Literal('account_stats'),
    total: Type.Integer({ description: 'Those of the environment are not counted.' }),
    kinds: Counts,
    tiers: Counts,
    states: Type.Record(Type.String(), Type.Integer(), {
      description: 'By what the filter `state` finds: one that rests in two ways is counted twice.',
    }),
  },
  { title: 'AccountStats' },
)
