import type { LivingInstance } from '../store/copy-view'
import type { CopyEnd } from './copy-ends'
import type { PassTally } from './copy-pass'
import { many, size } from './copy-progress'
import type { SourceSecret } from './copy-secret'
import { secretPath } from './paths'

// What is said of a copy when a run of it ends.

type Names = Pick<CopyEnd, 'name' | 'path' | 'directory'>

interface Ends {
  readonly source: Names
  readonly target: Names
  readonly secret: SourceSecret
}

interface Pass {
  /** When it began, in milliseconds since 1970. */
  readonly since: number
  readonly tookMs: number
}

const lasted = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`

/** What was gone through, in one line. */
export const amountLine = ({ rows, bytes, objects }: PassTally, tables: number): string =>
  `${many(rows)} rows of ${tables} tables (${size(bytes)})${objects.seen > 0 ? ` and ${many(objects.seen)} pictures, videos and files` : ''}`

/** What rows refer to and is not there, if anything. */
export function missingLines({ missing: { again, lost, names, other } }: PassTally): string[] {
  const lines: string[] = []
  if (again > 0)
    lines.push(
      `${many(again)} pictures and videos have no bytes here: they are fetched again when somebody asks for them, where their upstream still has them.`,
    )
  if (lost > 0)
    lines.push(
      `${many(lost)} pictures, videos or files have no bytes here and come from nowhere else (${names.join(', ')}${lost > names.length ? ', …' : ''}): they are lost, or in a bucket or a directory that this command was not told of.`,
    )
  if (other > 0)
    lines.push(
      `${many(other)} pictures, videos or files have other bytes than the database says, at the source already: they are as they are there.`,
    )
  return lines
}

/** How Groxy is started over the copy, when it is done. */
export function startLines({ source, target, secret }: Ends): string[] {
  if (target.path !== undefined)
    return [
      'Start Groxy over it, and the one at the source never again:',
      `  DATABASE_URL=${target.name}`,
      `  ${secretPath(target.path)} holds the secret, for this user only; leave GROXY_SECRET out.`,
    ]
  const held = secret.file ? `what ${secret.file} holds` : 'as it is set here'
  return [
    'Start Groxy over it, and the one at the source never again:',
    `  DATABASE_URL=${target.name}`,
    '  DATABASE_AUTH_TOKEN=the token of that server, if it wants one',
    `  GROXY_SECRET=${held}`,
    ...(target.directory === undefined
      ? [
          '  Pictures, videos and files are in the database. A Worker with a bucket (binding MEDIA) looks there only: see "Moving up" in docs/operating.md.',
        ]
      : [`  MEDIA_DIR=${target.directory}`]),
    `Keep ${source.name} until you have seen it work.`,
  ]
}

/** What is to be done while the source is in use. */
export function againLines(
  living: readonly LivingInstance[],
  { since, tookMs, source }: Pick<Ends, 'source'> & Pass,
): string[] {
  const who = [...new Set(living.map(({ host }) => host))].join(', ')
  const until = Math.max(...living.map(({ expiresAt }) => expiresAt))
  return [
    living.length > 0
      ? `Groxy runs at ${source.name} (${who}): what changed there since ${timeOf(since)} is not in the copy.`
      : `${source.name} goes on changing: what changed there since ${timeOf(since)} is not in the copy.`,
    'The copy is not done, and Groxy refuses to start over it. To finish it:',
    '  1. stop Groxy at the source',
    `  2. run the same command once more: it reads all again, and sends what has changed${living.length > 0 ? ` (after a crash not before ${timeOf(until)})` : ''}`,
    '  3. start Groxy with the new address, as that run says',
    `This run took ${lasted(tookMs)}. Where it had little to send, the last one takes as long, and Groxy is away for it.`,
  ]
}

/** What is to be done where pictures, videos or files were not found. */
export const lackingLines = ({ name, directory }: Names): string[] => [
  `The copy is not done: those of ${name} were looked for in ${directory ?? 'the database'}. To finish it run the same command once more`,
  '  with --from-media and the directory that they are in (MEDIA_DIR of the Groxy at the source),',
  '  or with --without-media, where they are gone for good or were brought over by other means.',
]

/** Which tables differ, and by how much. */
export const differenceLines = ({ differences }: PassTally): string[] =>
  differences.map(
    ({ table, written, removed }) =>
      `${table}: ${many(written)} rows lack or differ, ${many(removed)} are too many`,
  )
