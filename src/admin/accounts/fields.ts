import Type, { type Static } from 'typebox'
import { ACCOUNT_KINDS, TIERS } from '../../store/schema'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(
  schema: T,
  description: string,
) => Type.Optional(Type.Union([schema, Type.Null()], { description }))

/** What may be said of an account when it is added, and later. What is left out stays as it is. */
export const accountFields = {
  name: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 80,
      description: 'What people call it: unique among accounts of its kind, without "/".',
    }),
  ),
  base_url: Type.Optional(
    Type.String({
      maxLength: 2048,
      description: 'Where its upstream is, such as https://host/v1.',
    }),
  ),
  secret: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 16_384,
      description: 'A key, or a session as it is copied from a browser. Never shown again.',
    }),
  ),
  enabled: Type.Optional(Type.Boolean({ description: 'Whether it takes turns.' })),
  weight: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'How much of the traffic it takes beside others of its priority.',
    }),
  ),
  max_in_flight: orNull(
    Type.Integer({ minimum: 1, maximum: 100_000 }),
    'Turns at once; null for no limit.',
  ),
  requests_per_minute: orNull(
    Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    'Turns a minute; null for no limit.',
  ),
  models: orNull(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 1000 }),
    'Ids of the models that it serves; null to ask its upstream.',
  ),
  api: orNull(
    Type.Enum(['chat', 'responses', 'both']),
    'What its server speaks; null for what is usual there. Not for sessions.',
  ),
  proxy: orNull(
    Type.String({ maxLength: 2048 }),
    'The HTTP(S) proxy that its calls go through, http://USER:PASSWORD@HOST:PORT; null for that of its kind.',
  ),
  tier: orNull(Type.Enum([...TIERS]), 'Of a session; null where nobody knows.'),
  tags: orNull(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 32 }),
    'Words to find it by; null for none.',
  ),
  note: orNull(Type.String({ maxLength: 1000 }), 'For people; null for none.'),
  headers: orNull(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
    'Of a session: headers that are sent as they are, such as user-agent. Those that are named are set, or taken away by null; null takes all away.',
  ),
  cookies: orNull(
    Type.String({ maxLength: 16_384 }),
    'Of a session: further cookies, NAME=VALUE; NAME=VALUE. They replace those that there are; null for none.',
  ),
}

/** What an operator says of an account. */
export const AccountFields = Type.Object(accountFields, { additionalProperties: false })
export type AccountFields = Static<typeof AccountFields>

/** A new account: by its fields, or as it was pasted. */
export const NewAccountFields = Type.Object(
  {
    kind: Type.Optional(
      Type.Enum([...ACCOUNT_KINDS], {
        description: 'Found out from the text where it is left out.',
      }),
    ),
    text: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000_000,
        description:
          'Anything that holds one account: a key, a key with its base URL, lines of an environment, a curl command, a token, a line or an export of cookies, JSON. Instead of `secret`.',
      }),
    ),
    keep: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether it stays although its test fails.',
      }),
    ),
    ...accountFields,
  },
  {
    additionalProperties: false,
    examples: [{ text: 'OPENAI_BASE_URL=https://host/v1\nOPENAI_API_KEY=sk-…', tags: ['spare'] }],
  },
)
export type NewAccountFields = Static<typeof NewAccountFields>
