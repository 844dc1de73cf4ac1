interface Model {
  readonly id: string
  readonly sort: 'language' | 'image-generation' | 'video-generation' | 'embedding'
  readonly aliases?: readonly string[]
  readonly fields?: object
}

const MODELS: readonly Model[] = [
  {
    ...{ id: 'grok-4.7', sort: 'language' },
    fields: {
      ...{ context_length: 500_000, prompt_text_token_price: 20_000 },
      ...{ cached_prompt_text_token_price: 5_000, completion_text_token_price: 60_000 },
      capabilities: {
        reasoning_effort: ['low', 'medium', 'high'],
        default_reasoning_effort: 'high',
      },
    },
  },
  { id: 'grok-imagine-image', sort: 'image-generation', fields: { image_price: 200_000_000 } },
  {
    ...{ id: 'grok-imagine-image-2.0', sort: 'image-generation' },
    fields: {
      pricing: [
        { quality: 'low', resolution: '1k', price_per_image: 400_000_000 },
        { quality: 'medium', resolution: '1k', price_per_image: 600_000_000 },
        { quality: 'low', resolution: '2k', price_per_image: 600_000_000 },
        { quality: 'medium', resolution: '2k', price_per_image: 800_000_000 },
      ],
    },
  },
  {
    ...{ id: 'grok-imagine-image-quality', sort: 'image-generation' },
    ...{ aliases: ['grok-imagine-image-pro'], fields: { image_price: 500_000_000 } },
  },
  { id: 'grok-imagine-video', sort: 'video-generation' },
  { id: 'grok-embedding-small', sort: 'embedding' },
]

/** The sort of a model, by its id or an alias. */
export const sortOf = (id: unknown): Model['sort'] | undefined =>
  MODELS.find((model) => model.id === id || model.aliases?.some((alias) => alias === id))?.sort

const shown = ({ id, aliases = [], fields }: Model) => ({
  ...{ id, object: 'model', created: 1_760_000_000, owned_by: 'xai', aliases },
  ...fields,
})

/** `GET /v1/models` */
export const models = (): Response => Response.json({ object: 'list', data: MODELS.map(shown) })

/** `GET /v1/models/{id}`, undefined for an unknown one. */
export function model(id: string): Response | undefined {
  const found = MODELS.find((known) => known.id === id || known.aliases?.includes(id))
  return found && Response.json(shown(found))
}

/** `GET /v1/image-generation-models` and the like. */
export const modelsOf = (sort: string): Response =>
  Response.json({ models: MODELS.filter((known) => known.sort === sort).map(shown) })
