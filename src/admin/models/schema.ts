import Type, { type Static } from 'typebox'
import { ROUTE_REFUSALS } from '../../store/aliases'
import { HIGHEST_PRICE } from '../../store/prices'

export const LONGEST_MODEL = 200
export const MOST_TARGETS = 20
export const HIGHEST_WEIGHT = 999_999

const orNull = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

const ModelName = Type.String({
  minLength: 1,
  maxLength: LONGEST_MODEL,
  pattern: '^\\S(.*\\S)?$',
})

const Target = Type.Object(
  {
    model: ModelName,
    weight: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: HIGHEST_WEIGHT,
        description: 'Its share of the turns in the mode `split`; 1 when absent.',
      }),
    ),
  },
  { additionalProperties: false },
)

const ROUTE = {
  mode: Type.Optional(
    Type.Enum(['order', 'split'], {
      description:
        '`order`: the first of the targets that can answer. `split`: one of them, by weight, and another when that one cannot.',
    }),
  ),
  also: Type.Optional(
    Type.Array(Type.Enum([...ROUTE_REFUSALS]), {
      maxItems: ROUTE_REFUSALS.length,
      description:
        'Refusals of a request that lead to the next target, too: it is too long, or its content is refused.',
    }),
  ),
}

const Targets = Type.Array(Target, { minItems: 1, maxItems: MOST_TARGETS })

/** What a new alias is to mean. */
export const NewAliasBody = Type.Object(
  { name: ModelName, targets: Targets, ...ROUTE },
  {
    ...{ title: 'NewAdminAlias', additionalProperties: false },
    examples: [{ name: 'gpt-4o', targets: [{ model: 'grok-4' }, { model: 'grok-3' }] }],
  },
)

/** What is to change about an alias. */
export const AliasPatch = Type.Object(
  {
    revision: Type.String({ description: 'The `revision` of the alias that you have read.' }),
    targets: Type.Optional(Targets),
    ...ROUTE,
  },
  {
    ...{ title: 'AdminAliasPatch', additionalProperties: false },
    examples: [{ revision: '9f2c41d0', mode: 'split' }],
  },
)

/** A public name for models. */
export const AliasObject = Type.Object(
  {
    object: Type.Literal('alias'),
    name: Type.String(),
    mode: Type.Enum(['order', 'split']),
    targets: Type.Array(Target),
    also: Type.Array(Type.String()),
    listed: Type.Boolean({
      description: 'Whether `GET /v1/models` has it: while a target is served.',
    }),
    unknown_models: Type.Array(Type.String(), {
      description: 'Targets that no account lists now.',
    }),
    hides_model: Type.Boolean({
      description: 'Whether a model of this name is served, too, and not to be had under it.',
    }),
    revision: Type.String({ description: 'Changes with every change.' }),
  },
  { title: 'AdminAlias' },
)
export type AliasObject = Static<typeof AliasObject>

const dollars = Type.Number({ minimum: 0, maximum: HIGHEST_PRICE })

const PRICE = {
  input: Type.Number({ ...dollars, description: 'Tokens of the prompt.' }),
  output: Type.Number({ ...dollars, description: 'Tokens of the answer, reasoning included.' }),
}
const MORE = {
  cached: orNull(dollars, 'Tokens of the prompt that the upstream had cached; null: as `input`.'),
  long_from: orNull(
    Type.Integer({ minimum: 1, maximum: 1e9 }),
    'From so many prompt tokens on the prices for long prompts hold for all tokens.',
  ),
  long_input: orNull(dollars, 'Null: as `input`.'),
  long_cached: orNull(dollars, 'Null: as `cached`.'),
  long_output: orNull(dollars, 'Null: as `output`.'),
}

/** What a model is to cost, in US dollars for a million tokens. */
export const NewPriceBody = Type.Object(
  { model: ModelName, ...PRICE, ...Type.Partial(Type.Object(MORE)).properties },
  {
    ...{ title: 'NewAdminPrice', additionalProperties: false },
    examples: [{ model: 'grok-4', input: 3, output: 15 }],
  },
)

/** What is to change about a price. */
export const PricePatch = Type.Object(
  {
    revision: Type.String({ description: 'The `revision` of the price that you have read.' }),
    ...Type.Partial(Type.Object({ ...PRICE, ...MORE })).properties,
  },
  {
    ...{ title: 'AdminPricePatch', additionalProperties: false },
    examples: [{ revision: '9f2c41d0', cached: 0.75 }],
  },
)
export type PricePatch = Static<typeof PricePatch>

/** What a model costs, as the operator says: US dollars for a million tokens. */
export const PriceObject = Type.Object(
  {
    object: Type.Literal('price'),
    model: Type.String(),
    ...PRICE,
    ...MORE,
    revision: Type.String({ description: 'Changes with every change.' }),
  },
  { title: 'AdminPrice' },
)
export type PriceObject = Static<typeof PriceObject>

/** A model: who serves it, what it costs, and why it is not listed if it is not. */
export const ModelObject = Type.Object(
  {
    object: Type.Literal('model'),
    id: Type.String(),
    listed: Type.Boolean({ description: 'Whether `GET /v1/models` has it.' }),
    served_by: Type.Array(
      Type.Object({
        kind: Type.String(),
        accounts: Type.Integer(),
        ready: Type.Integer({ description: 'Those that could take a turn now.' }),
      }),
      {
        description: 'The kind that is asked first comes first. Of an alias, that of its targets.',
      },
    ),
    upstream_name: Type.String({ description: 'What its upstream is asked for.' }),
    also_called: Type.Array(Type.String()),
    alias: orNull(
      Type.Object({ mode: Type.Enum(['order', 'split']), targets: Type.Array(Target) }),
      'What the name stands for where it is an alias.',
    ),
    cost_class: orNull(Type.Integer(), 'What a turn takes of the quota of a grok.com session.'),
    context_length: orNull(Type.Integer(), 'Null where its upstream does not say.'),
    price: orNull(
      Type.Object({
        ...PRICE,
        ...MORE,
        source: Type.Enum(['operator', 'upstream'], {
          description: 'Who says so: a price of yours, or the list of its upstream.',
        }),
      }),
      'Null where nobody knows: then a turn costs what its upstream says in its answer.',
    ),
    why_not: Type.Array(Type.Object({ code: Type.String(), message: Type.String() }), {
      description: 'Why it is not listed; empty where it is.',
    }),
  },
  { title: 'AdminModel' },
)
export type ModelObject = Static<typeof ModelObject>

const listOf = <T extends Type.TSchema>(item: T, title: string) =>
  Type.Object({ object: Type.Literal('list'), data: Type.Array(item) }, { title })

export const AliasList = listOf(AliasObject, 'AdminAliasList')
export const PriceList = listOf(PriceObject, 'AdminPriceList')
export const ModelObjectList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(ModelObject),
    has_more: Type.Boolean(),
    next: orNull(Type.String(), 'What `after` takes for the next part.'),
    total: Type.Integer(),
  },
  { title: 'AdminModelList' },
)

/** What was removed. */
export const Removed = Type.Object(
  { object: Type.Literal('removed'), id: Type.String() },
  { title: 'AdminRemoved' },
)
