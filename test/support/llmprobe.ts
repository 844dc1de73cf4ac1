import { join } from 'node:path'
import { fetchPackages, node } from './packages'
import { runProgram } from './programs'

const VERSION = '0.6.12'

/** The command of llmprobe, which holds servers to what OpenAI's API owes its clients. */
export async function fetchLlmprobe(): Promise<readonly string[]> {
  const packages = [`llmprobe@${VERSION}`]
  const home = await fetchPackages({ name: 'llmprobe', version: VERSION, packages })
  return [node(), join(home, 'node_modules/llmprobe/bin/dist/llmprobe.mjs')]
}

interface Probe {
  readonly command: readonly string[]
  readonly folder: string
  readonly baseUrl: string
  readonly apiKey: string
  readonly model: string
}

/** What it found; of its report, as far as a test looks at it. */
interface Report {
  readonly coverage: {
    readonly entries: readonly { readonly id: string; readonly supported: boolean }[]
  }
  readonly conformance: {
    readonly results: readonly {
      readonly id: string
      readonly surface: string
      readonly outcome: string
      readonly failures: readonly { readonly id: string; readonly message: string }[]
    }[]
  }
}

/** Probe a server. What it thinks of the model's wits does not matter here. */
export async function probe({ command, folder, baseUrl, apiKey, model }: Probe): Promise<Report> {
  const report = join(folder, 'report.json')
  const { stdout, stderr } = await runProgram(
    [
      ...command,
      ...[baseUrl, '--api-key', apiKey, '--model', model],
      ...['--no-bench', '--no-save', '--no-color', '--timeout', '30', '--save', report],
    ],
    { cwd: folder, env: { HOME: folder } },
  )
  const file = Bun.file(report)
  if (!(await file.exists())) throw new Error(`llmprobe left no report:\n${stdout}${stderr}`)
  return file.json()
}
