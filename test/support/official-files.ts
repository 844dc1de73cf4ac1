import { join } from 'node:path'
import { type Definitions, faultsAgainst, OFFICIAL, schemasOf } from './official'

/** What the fixture holds. */
const ROOTS = ['OpenAIFile', 'ListFilesResponse', 'DeleteFileResponse'] as const

export const FILES_FIXTURE = join(import.meta.dir, '../fixtures/openai-files.schema.json')

const official: Definitions = await Bun.file(FILES_FIXTURE)
  .json()
  .catch(() => ({}))

/** The schemas of OpenAI's files as plain JSON Schema, without prose. */
export const fileSchemas = (document: Parameters<typeof schemasOf>[0]): Definitions =>
  schemasOf(document, ROOTS)

/** What OpenAI's schema of that name has against a value; nothing for one that is right. */
export const officialFileFaults = faultsAgainst<(typeof ROOTS)[number]>(official)

/** `bun test/support/official-files.ts` writes the fixture anew. */
if (import.meta.main) {
  const document = await Bun.file(OFFICIAL).json()
  await Bun.write(FILES_FIXTURE, `${JSON.stringify(fileSchemas(document), null, 2)}\n`)
}
