import { join } from 'node:path'
import { Compile } from 'typebox/schema'
import { type Definitions, OFFICIAL, schemasOf } from './official'

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
export function officialFileFaults(name: (typeof ROOTS)[number], value: unknown): string[] {
  const validator = Compile({ $defs: official, $ref: `#/$defs/${name}` })
  if (validator.Check(value)) return []
  const [, errors] = validator.Errors(value)
  return errors.map(({ instancePath, message }) => `${name}${instancePath} ${message}`)
}

/** `bun test/support/official-files.ts` writes the fixture anew. */
if (import.meta.main) {
  const document = await Bun.file(OFFICIAL).json()
  await Bun.write(FILES_FIXTURE, `${JSON.stringify(fileSchemas(document), null, 2)}\n`)
}
