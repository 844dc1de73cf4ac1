import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildExecutable } from '../../scripts/build'
import { freePort, runProgram, startProgram } from './programs'

let built: Promise<string> | undefined

/** Build the executable once a test run, away from the repository. */
export function executable(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'groxy-exe-')), 'groxy')
  await buildExecutable(file)
  if (!existsSync(file)) throw new Error('The build made no executable.')
  return file
}

/** An empty folder. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'groxy-empty-'))

type Variables = Readonly<Record<string, string>>

/** Start the executable in a folder, and read what it prints for a newcomer. */
export async function startGroxy(folder: string, env: Variables = {}) {
  const port = await freePort()
  const program = await startProgram({
    command: [await executable()],
    cwd: folder,
    port,
    path: '/health',
    env: { PORT: String(port), ...env },
  })
  return {
    ...program,
    url: program.url,
    firstKey: () => eventOf(program.output(), 'first_key')?.key,
  }
}

/** Run a command of the executable in a folder. */
export const groxy = async (folder: string, args: readonly string[], env: Variables = {}) =>
  runProgram([await executable(), ...args], { cwd: folder, env })

/** The first event of a name in what a program logged. */
export const eventOf = (output: string, event: string): Record<string, string> | undefined =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, string>)
    .find((line) => line.event === event)
