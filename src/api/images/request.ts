import { ApiError } from '../../errors'
import type { BodyReaders, Checks } from '../../http/body'
import { type Forms, isForm } from '../../http/form'
import { readForm } from './form'
import { type Order, readOrder } from './order'
import { type Brought, picturesOf } from './pictures'
import { ImageEdit, ImageEditFields, ImageGeneration } from './schema'

/** A request for pictures, with the memory that it holds. */
export interface ImageRequest {
  readonly order: Order
  readonly brought: Brought
  /** Gives the memory back. */
  readonly release: () => void
}

interface ReaderParts {
  readonly readers: BodyReaders
  readonly checks: Checks
  readonly forms: Forms
}

const NONE: Brought = { pictures: [], mask: undefined }
const PICTURES = ['image', 'images', 'image_url', 'mask']

/** Makes readers of requests for pictures, in all the forms that they come in. */
export function createImageReaders({ readers, checks, forms }: ReaderParts) {
  const [readGeneration, readEdit] = [readers(ImageGeneration), readers(ImageEdit)]
  const checkFields = checks(ImageEditFields)

  return {
    /** @throws ApiError that names the field at fault */
    async generation(request: Request): Promise<ImageRequest> {
      const { value, release } = await readGeneration(request)
      return orRelease(release, () => {
        const stray = PICTURES.find((name) => Object.hasOwn(value, name))
        if (stray)
          throw new ApiError(
            'unsupported_parameter',
            `New pictures are made of words only: send '${stray}' to /v1/images/edits.`,
            { param: stray },
          )
        return { order: readOrder(value, 'generate'), brought: NONE }
      })
    },

    /** @throws ApiError that names the field at fault */
    async edit(request: Request): Promise<ImageRequest> {
      if (isForm(request)) {
        const form = await forms(request)
        return orRelease(form.release, () => {
          const { fields, ...brought } = readForm(form)
          return { order: readOrder(checkFields(fields), 'edit'), brought }
        })
      }
      const { value, release } = await readEdit(request)
      return orRelease(release, () => ({
        order: readOrder(value, 'edit'),
        brought: picturesOf(value),
      }))
    },
  }
}

export type ImageReaders = ReturnType<typeof createImageReaders>

function orRelease(release: () => void, read: () => Omit<ImageRequest, 'release'>): ImageRequest {
  try {
    return { ...read(), release }
  } catch (cause) {
    release()
    throw cause
  }
}
