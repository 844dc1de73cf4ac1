import Type, { type Static } from 'typebox'
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../passwords'

const seconds = (description: string) =>
  Type.Integer({ description: `${description} Unix seconds.` })
const orNull = (schema: ReturnType<typeof seconds>) => Type.Union([schema, Type.Null()])

export const LONGEST_NAME = 80
export const MOST_DAYS = 3_650

/** What the API says of a log-in. */
export const SessionObject = Type.Object({
  object: Type.Literal('admin.session'),
  id: Type.String(),
  address: Type.Union([Type.String(), Type.Null()]),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  created_at: seconds('When somebody logged in.'),
  last_used_at: seconds('When it was last used, to the minute.'),
  expires_at: seconds('When it ends unless it is used before.'),
  current: Type.Boolean({ description: 'Whether this very request belongs to it.' }),
})

/** What the API says of an admin token. */
export const TokenObject = Type.Object({
  object: Type.Literal('admin.token'),
  id: Type.String(),
  name: Type.String(),
  hint: Type.String({ description: 'The last four signs of the token.' }),
  created_at: seconds('When it was made.'),
  expires_at: orNull(seconds('When it ends; null for never.')),
  last_used_at: orNull(seconds('When it was last used, to the minute; null for never.')),
})

/** A token that was made just now. */
export const NewTokenObject = Type.Object({
  ...TokenObject.properties,
  token: Type.String({ description: 'Shown once, here.' }),
})

/** What is said of a token that is to be made. */
export const NewToken = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: LONGEST_NAME,
      pattern: '\\S',
      description: 'What it is for: the audit log names it so.',
    }),
    days: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: MOST_DAYS }), Type.Null()], {
        description: 'How long it is good; null or left out for ever.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ name: 'deploy', days: 90 }] },
)
export type NewToken = Static<typeof NewToken>

/** A password in place of the present one. */
export const NewPassword = Type.Object(
  {
    current: Type.String({ description: 'The present password.' }),
    password: Type.String({ minLength: SHORTEST_PASSWORD, maxLength: LONGEST_PASSWORD }),
  },
  {
    additionalProperties: false,
    examples: [{ current: 'correct horse', password: 'battery staple' }],
  },
)

export const PasswordObject = Type.Object({
  object: Type.Literal('admin.password'),
  sessions_ended: Type.Integer(),
})

/** How many were ended. */
export const EndedObject = Type.Object({
  object: Type.Literal('admin.sessions.ended'),
  ended: Type.Integer(),
})

export const listOf = <T extends Type.TSchema>(one: T) =>
  Type.Object({
    object: Type.Literal('list'),
    data: Type.Array(one),
    has_more: Type.Boolean(),
    next: Type.Union([Type.String(), Type.Null()]),
    total: Type.Optional(Type.Integer()),
  })

/** That something is gone. */
export const Deleted = Type.Object({ id: Type.String(), deleted: Type.Literal(true) })
