import { join } from 'node:path'

/** Whether this is the executable, and not its source that Bun runs. */
export const isCompiled = (): boolean =>
  Bun.main.startsWith('/$bunfs/') || Bun.main.includes('~BUN')

/** How a command of this program is run in a process of its own. */
export const ownCommand = (args: readonly string[]): string[] => [
  process.execPath,
  ...(isCompiled() ? [] : [join(import.meta.dir, '../main.ts')]),
  ...args,
]
