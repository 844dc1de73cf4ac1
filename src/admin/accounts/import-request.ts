import Type, { type Static } from 'typebox'
import { ApiError } from '../../errors'
import { type ImportWishes, textOf } from '../../operator/account-import'
import { TIERS } from '../../store/schema'
import { checked, readBytes } from '../form'
import { LARGEST_IMPORT, TOO_LARGE } from './upload'

const tags = Type.Union([Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 }), Type.Null()])

/** What is to be taken in, and what is said of all of it. */
export const ImportBody = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      description:
        'A file of accounts as text: JSON of this or another program, JSON lines, a table, or one a line.',
    }),
    tier: Type.Optional(
      Type.Union([Type.Enum([...TIERS]), Type.Null()], { description: 'Of the sessions in it.' }),
    ),
    tags: Type.Optional(Type.Union([tags, Type.Null()], { description: 'Beside those of each.' })),
    note: Type.Optional(
      Type.Union([Type.String({ maxLength: 1000 }), Type.Null()], {
        description: 'Instead of that of each.',
      }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({ default: false, description: 'Only say what would become of it.' }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ text: 'token,tier\neyJhbGciOi…,super', tags: ['spare'], dry_run: true }],
  },
)

const inAddress = (name: string, type: 'string' | 'boolean', description: string) => ({
  ...{ name, in: 'query' as const, description },
  schema: { type },
})

/** What is said of all of it where the body is the file itself. */
export const importParameters = [
  inAddress('tier', 'string', 'Of the sessions in it.'),
  inAddress('tags', 'string', 'Beside those of each, with commas between.'),
  inAddress('note', 'string', 'Instead of that of each.'),
  inAddress('dry_run', 'boolean', 'Only say what would become of it.'),
]

interface ImportCall {
  readonly text: string
  readonly wishes: ImportWishes & { readonly dryRun: boolean }
}

/**
 * An import as programs send it: JSON, or the file itself with the rest in the address.
 *
 * @throws ApiError that says what is wrong
 */
export async function readImport(request: Request): Promise<ImportCall> {
  const body = await readBytes(request, LARGEST_IMPORT, TOO_LARGE)
  const bytes = new Uint8Array(await body.arrayBuffer())
  const type = request.headers.get('content-type') ?? ''
  if (/^application\/json\b/i.test(type)) {
    const value = parsed(bytes)
    // A file of accounts may be JSON itself; what we take has a text in it.
    if (isBody(value)) return callOf(checked(ImportBody, value))
  }
  const { searchParams } = new URL(request.url)
  const given = Object.fromEntries(searchParams)
  const wanted = {
    ...given,
    text: textOf(bytes),
    ...(given.tags !== undefined && { tags: given.tags.split(',').filter(Boolean) }),
    ...(given.dry_run !== undefined && {
      dry_run: given.dry_run === 'true' || given.dry_run === '1',
    }),
  }
  return callOf(checked(ImportBody, wanted))
}

const callOf = ({
  text,
  tier,
  tags: all,
  note,
  dry_run: dryRun = false,
}: Static<typeof ImportBody>) => ({
  text,
  wishes: { tier, tags: all ?? undefined, note: note ?? undefined, dryRun },
})

const isBody = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch (cause) {
    throw new ApiError('invalid_json', 'The body is not JSON.', { cause })
  }
}
