import Type from 'typebox'

/** A model, with whatever its upstream says about it besides. */
export const Model = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('model'),
    created: Type.Integer({ description: 'Seconds since 1970; 0 when the upstream does not say.' }),
    owned_by: Type.String(),
  },
  {
    title: 'Model',
    description: 'A model that some account can serve.',
    examples: [{ id: 'demo', object: 'model', created: 1767225600, owned_by: 'groxy' }],
  },
)

export const ModelList = Type.Object(
  { object: Type.Literal('list'), data: Type.Array(Model) },
  { title: 'ModelList', description: 'Every model that some account can serve.' },
)
