import Type from 'typebox'

const Values = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])

/** What the API says of a change. */
export const AuditObject = Type.Object({
  object: Type.Literal('admin.audit_entry'),
  id: Type.String(),
  created_at: Type.Integer({ description: 'When, in Unix seconds.' }),
  actor: Type.String({ description: '`session 3f2a9c01`, `token deploy`, `command line`.' }),
  address: Type.Union([Type.String(), Type.Null()]),
  action: Type.String({ description: 'A noun and a verb: `account.change`.' }),
  subject: Type.String({ description: 'What it was done to: `xai/main`.' }),
  before: Values,
  after: Values,
})

export const AuditList = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(AuditObject),
  has_more: Type.Boolean(),
  next: Type.Union([Type.String(), Type.Null()]),
})
