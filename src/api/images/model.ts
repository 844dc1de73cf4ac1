import type { Works } from '../../dispatch/work'
import type { Able, Plannable } from '../../dispatch/work-plan'
import { ApiError } from '../../errors'
import { mayUse } from '../../http/allow-list'
import type { Catalog } from '../../pool/catalog'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { PictureRequest } from '../../turn/picture'

interface ChooserParts {
  readonly works: Works
  readonly catalog: Catalog
  readonly settings: () => Settings
}

/** What models that make pictures are called. A server of OpenAI's does not say what its models do. */
const DRAWS = /image|imagine|picture|dall-?e|flux|diffusion|sdxl/i
const FILMS = /video/i

/** What everyone needs to know to find who makes pictures with a model. */
export const drawing = (model: string, work: PictureRequest['work']): Plannable => ({
  model,
  can: ({ pictures }, name) => pictures?.most(name, work) !== undefined,
  lacking: `The model '${model.slice(0, 200)}' does not ${work === 'edit' ? 'change' : 'make'} pictures here.`,
})

/** Who would be asked for pictures of a model, best first; nobody where nobody can. */
export function ableFor(
  works: Works,
  model: string,
  work: PictureRequest['work'],
): readonly Able[] {
  try {
    return works.ableFor(drawing(model, work))
  } catch (cause) {
    if (cause instanceof ApiError) return []
    throw cause
  }
}

/** Chooses a model for pictures that were asked for without one. */
export const createModelChooser =
  ({ works, catalog, settings }: ChooserParts) =>
  /** @throws ApiError 400 when there is none to choose */
  (key: Key, work: PictureRequest['work']): string => {
    const current = settings()
    if (current.image_model) return current.image_model
    const names = catalog.list().map(({ id }) => id)
    const may = names.filter((id) => DRAWS.test(id) && !FILMS.test(id) && mayUse(key, id))
    let best: { readonly id: string; readonly priority: number } | undefined
    for (const id of may) {
      const [first] = ableFor(works, id, work)
      const priority = first ? current[`priority_${first.kind}`] : Number.POSITIVE_INFINITY
      if (priority < (best?.priority ?? Number.POSITIVE_INFINITY)) best = { id, priority }
    }
    if (best) return best.id
    throw new ApiError(
      'invalid_value',
      "'model' is missing, and no account has a model that is known to make pictures. Name one of GET /v1/models, or have the operator set image_model.",
      { param: 'model' },
    )
  }
