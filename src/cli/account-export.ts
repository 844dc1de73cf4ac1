import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomToken } from '../crypto'
import { SetupError } from '../errors'
import { openAccount } from '../operator/account-export'
import type { FileAccount } from '../store/account-file/account'
import { FILE_FORMATS, type FileFormat, writeAccountFile } from '../store/account-file/write'
import type { ActionCall } from './account-changes'
import { counted, filterOf } from './account-choice'
import { UsageError, type Values } from './command'
import { withState } from './with-state'

/** `groxy accounts export` */
export function exportAccounts({ subjects, values }: ActionCall): Promise<number> {
  const [target, ...more] = subjects
  if (target === undefined || more.length > 0)
    throw new UsageError(
      'accounts export: say into which file.',
      'FILE, or - for standard output. It will hold the secrets of the accounts in the clear.',
    )
  const format = formatOf(values)
  if (target !== '-' && existsSync(target) && !values.force) throw existing(target)
  return withState(async (state, config) => {
    const found = await state.stores.accountSearch.find(filterOf(values) ?? {})
    // Text and tables say no more of an account than a session has.
    const some = format === 'json' ? found : found.filter(({ kind }) => kind === 'web')
    const accounts: FileAccount[] = []
    for (const account of some) accounts.push(await openAccount(account, state.vault, config))
    const text = writeAccountFile(accounts, format)
    if (target === '-') console.info(text.trimEnd())
    else writeSafely(target, text, values.force === true)
    const left = found.length - some.length
    console.error(
      [
        `Exported ${counted(accounts.length)}, with their secrets in the clear.`,
        ...(left > 0 ? [`${left} of other kinds are only in JSON.`] : []),
        ...(target === '-' ? [] : [`Only you can read ${target}: keep it so.`]),
      ].join(' '),
    )
    return 0
  })
}

function formatOf({ format = 'json' }: Values): FileFormat {
  const known = FILE_FORMATS.find((one) => one === format)
  if (known) return known
  throw new UsageError(
    `"${format}" is no format of an export.`,
    `--format is ${FILE_FORMATS.join(', ')}`,
  )
}

/** Made for this user only, and whole or not at all. */
function writeSafely(target: string, text: string, isForced: boolean): void {
  const path = isForced ? `${target}.${randomToken(6)}` : target
  const file = createdFor(path)
  try {
    writeFileSync(file, text)
    closeSync(file)
    if (isForced) renameSync(path, target)
  } catch (cause) {
    rmSync(path, { force: true })
    throw unwritten(target, cause)
  }
}

function createdFor(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw existing(path)
    throw unwritten(path, cause)
  }
}

const existing = (path: string) =>
  new SetupError(
    `${path} exists and is left as it is.`,
    'Choose another file name, or say --force.',
  )

const unwritten = (path: string, cause: unknown) =>
  new SetupError(
    `${path} cannot be written: ${cause instanceof Error ? cause.message : cause}`,
    'Choose another place for it.',
    cause,
  )
