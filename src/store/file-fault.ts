import { SetupError } from '../errors'

/** What SQLite and the file system say, and what an operator should do about it. */
const FAULTS: readonly {
  readonly codes: readonly string[]
  readonly says: string
  readonly remedy: string
}[] = [
  {
    codes: ['SQLITE_NOTADB'],
    says: 'is not a Groxy database',
    remedy:
      'It was left untouched. Set DATABASE_URL to another file, or move this one away and restore a backup in its place.',
  },
  {
    codes: ['SQLITE_CORRUPT'],
    says: 'is damaged',
    remedy:
      'It was left untouched. Stop Groxy, keep a copy, and restore a backup made with `groxy backup`; `sqlite3 FILE .recover` may save what is newer.',
  },
  {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED'],
    says: 'is locked by another program',
    remedy: 'Close the program that holds it (`fuser FILE` names it), then start again.',
  },
  {
    codes: [
      'SQLITE_READONLY',
      'SQLITE_CANTOPEN',
      'SQLITE_PERM',
      'EACCES',
      'EPERM',
      'EROFS',
      'ENOENT',
      'ENOTDIR',
      'EEXIST',
    ],
    says: 'cannot be written',
    remedy:
      'Give the user that runs Groxy write access to the file and its folder, or set DATABASE_URL to a place that it may write to.',
  },
  {
    codes: ['SQLITE_FULL', 'ENOSPC', 'SQLITE_IOERR'],
    says: 'cannot grow or be read: the disk is full or failing',
    remedy: 'Free some space (`df -h`), or look at the disk (`dmesg`), then start again.',
  },
]

/** Run work on a database file, and turn a foreign failure into a `SetupError` that helps. */
export function explainFileFault<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw fileFault(path, cause)
  }
}

/** The same for work that ends later. */
export const explainLaterFault = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((cause) => {
    throw fileFault(path, cause)
  })

function fileFault(path: string, cause: unknown): unknown {
  const code = readCode(cause)
  const fault = FAULTS.find(({ codes }) => codes.some((known) => code.startsWith(known)))
  return fault ? new SetupError(`The database ${path} ${fault.says}.`, fault.remedy, cause) : cause
}

/** Drizzle wraps what the driver threw, so the code may lie one deeper. */
function readCode(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return readCode(cause.cause)
}
