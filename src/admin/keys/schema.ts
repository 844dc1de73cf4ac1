import Type, { type Static } from 'typebox'
import type { LimitField } from '../../operator/key-usage'
import { KEY_STATES } from '../../store/key-search'

/** How many keys are made at once. */
export const MOST_KEYS = 100
/** How many keys one call changes. */
const MOST_CHANGED = 1_000
export const LONGEST_NAME = 100
const MOST_MODELS = 100
const LONGEST_MODEL = 200
/** The year 2126: whoever wants more wants a key without an end. */
const LATEST = 4_922_000_000

/** What the limits of a key are called outside. */
export const LIMIT_NAMES = {
  requests_per_minute: 'requestsPerMinute',
  tokens_per_minute: 'tokensPerMinute',
  concurrency: 'concurrency',
  chat_per_day: 'dailyChat',
  heavy_per_day: 'dailyHeavy',
  image_per_day: 'dailyImage',
  video_per_day: 'dailyVideo',
  cost_usd_ticks_per_day: 'dailyCostTicks',
  cost_usd_ticks_per_month: 'monthlyCostTicks',
} as const satisfies Record<string, LimitField>

const orNull = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

const amount = (description: string) =>
  orNull(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), description)

const LIMITS = {
  requests_per_minute: amount('Requests a minute of the clock.'),
  tokens_per_minute: amount('Tokens a minute of the clock.'),
  concurrency: amount('Requests at once.'),
  chat_per_day: amount('Chats a day, those with heavy models included.'),
  heavy_per_day: amount('Chats with heavy models a day.'),
  image_per_day: amount('Pictures a day.'),
  video_per_day: amount('Videos a day.'),
  cost_usd_ticks_per_day: amount('Money a day: 10^10 ticks are one US dollar.'),
  cost_usd_ticks_per_month: amount('Money a calendar month, in ticks.'),
}

const Name = Type.String({
  minLength: 1,
  maxLength: LONGEST_NAME,
  pattern: '\\S',
  description: 'What people call it.',
  examples: ['laptop'],
})

const MAY = {
  models: Type.Optional(
    orNull(
      Type.Array(Type.String({ minLength: 1, maxLength: LONGEST_MODEL }), {
        minItems: 1,
        maxItems: MOST_MODELS,
      }),
      'The models it may ask for, `*` standing for any signs; null for all.',
    ),
  ),
  limits: Type.Optional(
    Type.Partial(Type.Object(LIMITS, { additionalProperties: false }), {
      additionalProperties: false,
      description: 'Null for no limit, 0 for nothing at all.',
    }),
  ),
  rescue: Type.Optional(
    Type.Union([Type.Literal('off'), Type.Literal('buffer')], {
      description:
        '`buffer` holds streams until they are whole, so that a broken one is made again.',
    }),
  ),
  expires_at: Type.Optional(
    orNull(Type.Integer({ minimum: 0, maximum: LATEST }), 'In seconds since 1970; null for never.'),
  ),
}

/** What a new key is to be. */
export const NewKeyBody = Type.Object(
  { name: Name, ...MAY },
  {
    ...{ title: 'NewAdminKey', additionalProperties: false },
    examples: [{ name: 'laptop', models: ['grok-4*'], limits: { requests_per_minute: 60 } }],
  },
)
export type NewKeyBody = Static<typeof NewKeyBody>

/** What many new keys are to be. */
export const NewKeysBody = Type.Object(
  {
    name_prefix: Type.String({
      minLength: 1,
      maxLength: LONGEST_NAME - 4,
      pattern: '\\S',
      description: 'Their names are `prefix-1`, `prefix-2`, …',
      examples: ['class'],
    }),
    count: Type.Integer({ minimum: 1, maximum: MOST_KEYS }),
    ...MAY,
  },
  {
    ...{ title: 'NewAdminKeys', additionalProperties: false },
    examples: [{ name_prefix: 'class', count: 30, limits: { chat_per_day: 100 } }],
  },
)

/** What is to change about a key. */
export const KeyPatch = Type.Object(
  {
    revision: Type.Integer({ description: 'The `revision` of the key that you have read.' }),
    name: Type.Optional(Name),
    enabled: Type.Optional(Type.Boolean()),
    ...MAY,
  },
  {
    ...{ title: 'AdminKeyPatch', additionalProperties: false },
    examples: [{ revision: 3, limits: { requests_per_minute: null } }],
  },
)

/** Which keys something is done to. */
export const KeyIds = Type.Object(
  {
    ids: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      minItems: 1,
      maxItems: MOST_CHANGED,
    }),
  },
  {
    ...{ title: 'AdminKeyIds', additionalProperties: false },
    examples: [{ ids: ['5f0c6f6de6d94a63b9f2f0a1c7b3a1d2'] }],
  },
)

const day = Type.Object({
  chat: amount('Chats.'),
  heavy: amount('Chats with heavy models.'),
  image: amount('Pictures.'),
  video: amount('Videos.'),
  cost_usd_ticks: amount('Money.'),
})

const spent = (span: string) =>
  Type.Object(
    { turns: Type.Integer(), cost_usd_ticks: Type.Integer() },
    { description: `In the last ${span}, to the hour.` },
  )

/** A key as everything but its secret. */
export const KeyObject = Type.Object(
  {
    object: Type.Literal('key'),
    id: Type.String(),
    name: Type.String(),
    hint: Type.String({ description: 'The last four signs of its secret.' }),
    source: Type.Union([Type.Literal('database'), Type.Literal('environment')], {
      description: '`environment`: `GROXY_API_KEY` sets it, and nothing here changes it.',
    }),
    state: Type.Enum([...KEY_STATES]),
    enabled: Type.Boolean(),
    models: orNull(Type.Array(Type.String()), 'Null for all.'),
    rescue: Type.String(),
    limits: Type.Object(LIMITS),
    usage: Type.Array(
      Type.Object({
        limit: Type.String({ description: 'One of `limits`.' }),
        used: Type.Integer(),
        remaining: Type.Integer(),
        resets_at: orNull(Type.Integer(), 'Null for what is limited at every moment.'),
      }),
      { description: 'What was used of each limit that it has, in the window that it is now.' },
    ),
    usage_today: Type.Object(day.properties, {
      description: 'Null where there is no limit: then nothing is counted.',
    }),
    remaining_today: Type.Object(day.properties, { description: 'Null where there is no limit.' }),
    usage_24h: spent('24 hours'),
    usage_30d: spent('30 days'),
    last_used_at: orNull(Type.Integer(), 'The beginning of the hour; null for never.'),
    expires_at: orNull(Type.Integer(), 'Null for never.'),
    created_at: Type.Integer(),
    revoked_at: orNull(Type.Integer(), 'Null while it is not.'),
    revision: Type.Integer({ description: 'Grows with every change.' }),
  },
  { title: 'AdminKey' },
)
export type KeyObject = Static<typeof KeyObject>

/** A key with its secret, which is said once. */
export const MadeKeyObject = Type.Object(
  {
    ...KeyObject.properties,
    secret: Type.String({ description: 'What programs present. It is not shown again.' }),
  },
  { title: 'NewlyMadeAdminKey' },
)

export const MadeKeyList = Type.Object(
  { object: Type.Literal('list'), data: Type.Array(MadeKeyObject) },
  { title: 'NewlyMadeAdminKeyList' },
)

export const KeyList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(KeyObject),
    has_more: Type.Boolean(),
    next: orNull(Type.String(), 'What `after` takes for the next part.'),
    total: Type.Integer(),
  },
  { title: 'AdminKeyList' },
)

/** What became of many. */
export const KeysChanged = Type.Object(
  {
    object: Type.Literal('keys.changed'),
    changed: Type.Integer({ description: 'Those that were so already are not counted.' }),
  },
  { title: 'AdminKeysChanged' },
)
