import { ApiError } from '../../errors'
import { mayUse } from '../../http/allow-list'
import type { Catalog } from '../../pool/catalog'
import type { Key } from '../../store/keys'
import type { UpstreamModel } from '../../store/schema'

/** `GET /v1/models`, as far as a key may use them. */
export function createModels(catalog: Catalog) {
  return {
    list: (key: Key) => ({
      object: 'list',
      data: catalog
        .list()
        .filter(({ id }) => mayUse(key, id))
        .map(publicModel),
    }),

    /** @throws ApiError 404 */
    find(id: string, key: Key) {
      const model = mayUse(key, id) ? catalog.model(id) : undefined
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
