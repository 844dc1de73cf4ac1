import { newId } from '../crypto'
import { SetupError } from '../errors'
import { type CopyMark, leaveCopyMark } from '../store/copy-mark'
import { type Standing, standingOf } from '../store/copy-standing'
import type { CopyTable } from '../store/copy-tables'
import { livingInstances } from '../store/copy-view'
import { migrate } from '../store/migrate'
import type { CopyEnd } from './copy-ends'
import { checkSecretBeside, leaveSecretBeside, type SourceSecret } from './copy-secret'

/** @throws SetupError unless it is empty, or a copy of this source that is not done and that nobody uses */
export async function refuseForeignTarget(
  { client, name, path }: CopyEnd,
  tables: readonly CopyTable[],
  { source, secret }: SourceSecret,
): Promise<Exclude<Standing, { is: 'used' }>> {
  if (path !== undefined) checkSecretBeside(path, secret)
  const standing = await standingOf(client, tables)
  if (standing.is === 'used') {
    // A database that was never migrated so far has no such table.
    const living = await livingInstances(client, Date.now()).catch(() => [])
    throw new SetupError(
      living.length > 0
        ? `Groxy runs over ${name} (${living.map(({ host }) => host).join(', ')}).`
        : `${name} is in use already, or is a copy that is done: there is something in it.`,
      'Nothing was written: a copy needs an empty database. --verify compares both.',
    )
  }
  if (standing.is === 'begun' && standing.mark.source !== source)
    throw new SetupError(
      `${name} is a copy of another database, ${standing.mark.from}, that is not done.`,
      'Nothing was written. Finish that copy, or take an empty database.',
    )
  return standing
}

/** Make it ready for rows: migrated, and marked as what it is until it is done. */
export async function prepareTarget(
  target: CopyEnd,
  standing: Exclude<Standing, { is: 'used' }>,
  { from, secret }: { readonly from: string; readonly secret: SourceSecret },
): Promise<CopyMark> {
  await migrate(target.client)
  const before = standing.is === 'begun' ? standing.mark : undefined
  const mark: CopyMark = {
    run: newId(),
    source: secret.source,
    from,
    begunAt: before?.begunAt ?? Date.now(),
  }
  await leaveCopyMark(target.asked, mark, before)
  if (target.path !== undefined) leaveSecretBeside(target.path, secret.secret)
  return mark
}
