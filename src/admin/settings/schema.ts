import Type from 'typebox'

const BY_NAME = 'By the name of the setting.'

/** What `PATCH /admin/api/settings` takes. */
export const SettingsPatch = Type.Object(
  {
    revision: Type.Integer({
      minimum: 0,
      description: 'As it was when the settings were read: nobody overwrites what he has not seen.',
    }),
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Only what is to change. Null puts a default back, and takes a secret away.',
      examples: [{ heartbeat_ms: 10_000, show_thinking: null }],
    }),
  },
  {
    additionalProperties: false,
    examples: [{ revision: 7, settings: { heartbeat_ms: 10_000, show_thinking: null } }],
  },
)

/** All settings. */
export const SettingsObject = Type.Object({
  object: Type.Literal('admin.settings'),
  revision: Type.Integer({ description: 'Grows with every change of a setting.' }),
  values: Type.Record(Type.String(), Type.Unknown(), {
    description: `${BY_NAME} Of secrets only what may be shown, such as "…1234"; empty where there is none.`,
  }),
  defaults: Type.Record(Type.String(), Type.Unknown(), { description: BY_NAME }),
  changed: Type.Array(Type.String(), { description: 'Those that are not what is usual.' }),
  secrets: Type.Array(Type.String(), { description: 'Those whose values are never shown.' }),
  unusable: Type.Record(Type.String(), Type.String(), {
    description: 'Those that cannot be used where this gateway runs, and why.',
  }),
  groups: Type.Record(Type.String(), Type.Array(Type.String()), {
    description: 'Which settings belong together.',
  }),
  schema: Type.Unknown({ description: 'What each takes and is for, as a JSON Schema.' }),
})
