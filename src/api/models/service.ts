import { ApiError } from '../../errors'
import type { Catalog } from '../../pool/catalog'
import type { Key } from '../../store/keys'
import type { UpstreamModel } from '../../store/schema'

/** `GET /v1/models`, as far as a key may use them. */
export function createModels(catalog: Catalog) {
  return {
    list: ({ models }: Key) => ({
      object: 'list',
      data: catalog
        .list()
        .filter(({ id }) => !models || models.includes(id))
        .map(publicModel),
    }),

    /** @throws ApiError 404 */
    find(id: string, { models }: Key) {
      const model = !models || models.includes(id) ? catalog.model(id) : undefined
      if (model) return publicModel(model)
      throw new ApiError(
        'model_not_found',
        `The model '${id.slice(0, 200)}' does not exist here.`,
        {
          param: 'model',
        },
      )
    },
  }
}

export type Models = ReturnType<typeof createModels>

const publicModel = (model: UpstreamModel) => ({
  ...model,
  object: 'model',
  created: Number.isInteger(model.created) ? model.created : 0,
  owned_by: model.owned_by ?? 'unknown',
})
