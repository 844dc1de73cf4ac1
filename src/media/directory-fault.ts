import { SetupError, unkept } from '../errors'

/** What the file system says of a directory for media, and what an operator should do about it. */
const FAULTS: readonly {
  readonly codes: readonly string[]
  readonly says: string
  readonly remedy: string
}[] = [
  {
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    says: 'is full',
    remedy:
      'Free some space (`df -h`, `df -i`), or keep less: image_cache_max_mb, video_cache_max_mb and files_max_mb are settings.',
  },
  {
    codes: ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENOENT'],
    says: 'cannot be written or read',
    remedy:
      'Give the user that runs Groxy access to it, or set MEDIA_DIR to a directory that it may write to.',
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    says: 'cannot be used: too many files are open',
    remedy: 'Raise the limit of open files (`ulimit -n`, LimitNOFILE of systemd).',
  },
  {
    codes: ['EIO', 'ENXIO', 'ESTALE', 'ETIMEDOUT'],
    says: 'cannot be written or read: its disk fails',
    remedy: 'Look at the disk (`dmesg`), then start again.',
  },
]

/** What is wrong with a directory for media, in words that help its operator; undefined for a mistake of ours. */
export function directoryProblem(path: string, cause: unknown): SetupError | undefined {
  const code = codeOf(cause)
  const fault = FAULTS.find(({ codes }) => codes.includes(code))
  return fault && new SetupError(`The media directory ${path} ${fault.says}.`, fault.remedy, cause)
}

/** The same for whoever waits. */
export function directoryFault(path: string, cause: unknown): unknown {
  const problem = directoryProblem(path, cause)
  return problem ? unkept(problem) : cause
}

/** Whether there is nothing of that name, or something that is not an object. */
export const isMissing = (cause: unknown): boolean =>
  ['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO'].includes(codeOf(cause))

export const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : ''
