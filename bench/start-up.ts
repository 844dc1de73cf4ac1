import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Executables } from './executables'
import { firstAnswer } from './first-answer'
import { freePort, type Processes } from './processes'
import { median } from './statistics'
import { groxyEnvironment } from './targets'

interface StartUpParts {
  readonly processes: Processes
  readonly executables: Executables
  readonly folder: string
  readonly upstream: string
  readonly times: number
}

/** Milliseconds from the start of the program to its first chat answer, in turn with a bare server. */
export async function measureStartUp(parts: StartUpParts) {
  const { processes, executables, folder, upstream, times } = parts

  async function once(program: 'groxy' | 'hello', cwd: string): Promise<number> {
    const port = freePort()
    const key = 'sk-bench-start-up-key'
    const env = { ...groxyEnvironment(port, upstream), GROXY_API_KEY: key }
    const startedAt = performance.now()
    const log = `${cwd}.log`
    const child = processes.start([executables[program]], { cwd, log, env, apart: true })
    await firstAnswer(`http://127.0.0.1:${port}`, key)
    const tookMs = performance.now() - startedAt
    // Not asked to stop: that may take seconds.
    child.kill('SIGKILL')
    await child.exited
    return tookMs
  }

  const runs: { hello: number; first: number; again: number }[] = []
  for (let run = 0; run < times; run++) {
    const cwd = join(folder, `start-up-${run}`)
    await mkdir(cwd)
    const hello = await once('hello', cwd)
    runs.push({ hello, first: await once('groxy', cwd), again: await once('groxy', cwd) })
  }
  const helloMs = median(runs.map(({ hello }) => hello))
  const firstMs = median(runs.map(({ first }) => first))
  const againMs = median(runs.map(({ again }) => again))
  return { helloMs, firstMs, againMs, ratio: againMs / helloMs, runs }
}

export type StartUp = Awaited<ReturnType<typeof measureStartUp>>
