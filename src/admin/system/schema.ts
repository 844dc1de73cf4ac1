import Type from 'typebox'

const maybe = <T extends Type.TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
const seconds = (description: string) => maybe(Type.Integer(), `${description} In Unix seconds.`)
const list = <T extends Type.TSchema>(of: T) =>
  Type.Object({
    object: Type.Literal('list'),
    data: Type.Array(of),
    has_more: Type.Boolean(),
    next: Type.Null(),
    total: Type.Integer(),
  })

export const SystemObject = Type.Object({
  object: Type.Literal('admin.system'),
  version: Type.String(),
  commit: maybe(Type.String()),
  runtime: Type.String(),
  started_at: seconds('Null on Workers.'),
  instance: Type.String({ description: 'The name of the one that answers.' }),
  instances: Type.Array(
    Type.Object({
      name: Type.String(),
      is_this: Type.Boolean({ description: 'Whether it is the one that answers.' }),
      host: maybe(Type.String()),
      process: maybe(Type.Integer(), 'Its number among the processes of its machine.'),
      runtime: Type.String(),
      version: Type.String(),
      state: Type.Union([Type.Literal('serving'), Type.Literal('draining')]),
      started_at: seconds(''),
      seen_at: seconds('Every ten seconds; on Workers once a minute.'),
    }),
    { description: 'Who shares the database now.' },
  ),
  database: Type.Object({
    kind: Type.Union([Type.Literal('file'), Type.Literal('memory'), Type.Literal('server')]),
    path: maybe(Type.String()),
    host: maybe(Type.String()),
    size_bytes: maybe(Type.Integer()),
    latency_ms: Type.Number(),
    is_writable: Type.Boolean({ description: 'Whether it took what was last to be written.' }),
    has_backup: Type.Boolean({ description: 'Whether it can be copied and checked from here.' }),
    tables: Type.Array(
      Type.Object({
        name: Type.String(),
        rows_at_most: maybe(
          Type.Integer(),
          'From the first and the last number: nothing is counted. Null where rows have none.',
        ),
      }),
    ),
  }),
  media: Type.Object({ kind: Type.String(), path: maybe(Type.String()) }),
  environment: Type.Array(
    Type.Object({
      name: Type.String(),
      is_set: Type.Boolean(),
      is_secret: Type.Boolean(),
      value: maybe(Type.String(), 'What the process runs with; null of secrets.'),
      default: maybe(Type.String()),
      needs_restart: Type.Boolean({
        description: 'The environment says something else than the process runs with.',
      }),
    }),
  ),
})

export const InspectionObject = Type.Object({
  object: Type.Literal('admin.system.check'),
  is_sound: Type.Boolean(),
  problem: maybe(Type.String()),
  tables: Type.Array(
    Type.Object({
      name: Type.String(),
      size_bytes: Type.Integer({ description: 'With its indexes.' }),
    }),
  ),
})

export const JobObject = Type.Object({
  object: Type.Literal('admin.job'),
  name: Type.String(),
  description: Type.String(),
  setting: Type.String({ description: 'The setting that switches it off.' }),
  is_on: Type.Boolean(),
  state: maybe(Type.String(), 'Null until it has run.'),
  wanted: maybe(Type.String(), '`run` or `cancel` that was asked for and not done yet.'),
  done: Type.Integer(),
  total: Type.Integer(),
  note: maybe(Type.String()),
  instance: maybe(Type.String()),
  started_at: seconds('When it last began.'),
  finished_at: seconds('When that ended.'),
})

export const JobList = list(JobObject)

export const UpstreamObject = Type.Object({
  object: Type.Literal('admin.upstream'),
  url: Type.String(),
  kinds: Type.Array(Type.String()),
  accounts: Type.Integer(),
  is_reachable: Type.Boolean({ description: 'Whether turns are sent there now.' }),
  down_since: seconds('Null while it works.'),
  down_until: seconds('Until then nobody is sent there.'),
  last_answer_at: seconds('A refusal is one, too. Null for none since the start.'),
  last_fault: maybe(Type.Object({ at: Type.Integer(), message: Type.String() })),
  look: Type.Optional(
    Type.Object({
      is_reachable: Type.Boolean(),
      message: maybe(Type.String()),
      took_ms: Type.Number(),
    }),
  ),
})

export const UpstreamList = list(UpstreamObject)
