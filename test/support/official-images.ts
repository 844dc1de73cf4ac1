import { join } from 'node:path'
import { type Definitions, faultsAgainst, OFFICIAL, schemasOf } from './official'

/** What the fixture holds. */
const ROOTS = [
  'CreateImageRequest',
  'EditImageBodyJsonParam',
  'ImagesResponse',
  'ImageGenStreamEvent',
  'ImageEditStreamEvent',
] as const

export const IMAGES_FIXTURE = join(import.meta.dir, '../fixtures/openai-images.schema.json')

export const officialImages: Definitions = await Bun.file(IMAGES_FIXTURE)
  .json()
  .catch(() => ({}))

/** The schemas of OpenAI's pictures as plain JSON Schema, without prose. */
export const imageSchemas = (document: Parameters<typeof schemasOf>[0]): Definitions =>
  schemasOf(document, ROOTS)

/** What OpenAI's schema of that name has against a value; nothing for one that is right. */
export const officialImageFaults = faultsAgainst<(typeof ROOTS)[number]>(officialImages)

/** `bun test/support/official-images.ts` writes the fixture anew. */
if (import.meta.main) {
  const document = await Bun.file(OFFICIAL).json()
  await Bun.write(IMAGES_FIXTURE, `${JSON.stringify(imageSchemas(document), null, 2)}\n`)
}
