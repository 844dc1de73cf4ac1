import { type CopyOrder, runCopy } from '#src/cli/copy-run'
import { SetupError } from '#src/errors'

export const SECRET = 'a secret for tests'

interface Order {
  readonly from: string
  readonly to: string
  readonly env?: Readonly<Record<string, string>>
  readonly media?: Partial<CopyOrder['media']>
  readonly isDry?: boolean
  readonly isOnlyCompared?: boolean
  readonly patienceMs?: number
  readonly signal?: AbortSignal
  /** Called with every line of progress; said as often as it can be. */
  readonly onNote?: (line: string) => void
}

/** Run `groxy copy` within this process; what it says, and its exit code. */
export async function copied({ env = {}, media = {}, onNote, ...order }: Order) {
  const printed: string[] = []
  const noted: string[] = []
  const code = await runCopy(
    {
      ...{ isDry: false, isOnlyCompared: false, patienceMs: 20_000, values: {}, usage: 'copy' },
      ...order,
      media: { isLeft: false, from: undefined, to: undefined, ...media },
    },
    {
      env: { GROXY_SECRET: SECRET, ...env },
      print: (text) => printed.push(text),
      note(line) {
        noted.push(line)
        onNote?.(line)
      },
      everyMs: 0,
      signal: order.signal ?? new AbortController().signal,
    },
  ).catch((cause: unknown) => {
    if (!(cause instanceof SetupError)) throw cause
    printed.push(`${cause.message} ${cause.remedy}`)
    return 1
  })
  return { code, printed: printed.join('\n'), noted }
}
