import { parseArgs } from 'node:util'
import { SetupError } from '../errors'

/** One command of `groxy`. */
export interface Command {
  /** What it takes, as `--help` shows it. */
  readonly usage: string
  /** More for `groxy COMMAND --help`. */
  readonly help: string
  /** @returns the exit code */
  run(args: readonly string[]): Promise<number>
}

/** The command line was not understood: exit code 2. */
export class UsageError extends SetupError {}

type OptionTypes = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: true }>
>

/** What was given for options that may be given once. */
export type Values = Readonly<Record<string, string | boolean | undefined>>

/** Options and words of a command, or a `UsageError` that names what is wrong. */
export function parse(args: readonly string[], options: OptionTypes, usage: string) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return {
      values: values as Values,
      /** What was given for those that may be given several times. */
      lists: values as Readonly<Record<string, readonly string[] | undefined>>,
      words: positionals,
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('. ')[0] : String(cause)
    throw new UsageError(`${message}.`, `Usage: groxy ${usage}`)
  }
}

/** A whole number from an option. */
export function wholeNumber(name: string, value: string | boolean | undefined): number | undefined {
  if (value === undefined) return
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--${name} must be a whole number of at least 1.`, `Got "${value}".`)
  return number
}

/** A list from an option: `a,b`. */
export const list = (value: string | boolean | undefined): string[] | undefined =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean)
    : undefined

/** A length of time for people, in its largest unit: `40 s`, `3 h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} d`
}

/** Say where a proxy will not work, while it is being configured. */
export function noteOnWorkers(isRemote: boolean): void {
  if (isRemote)
    console.info(
      'Note: Cloudflare Workers have no proxies. A Worker over this database leaves out accounts that need one.',
    )
}

/** Print rows in columns, for people. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}
