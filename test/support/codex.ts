import { join } from 'node:path'
import { fetchPackages, node } from './packages'
import { runProgram } from './programs'

const VERSION = '0.169.0'

/** The command of Codex CLI; its platform's package comes along as an optional dependency. */
export async function fetchCodex(): Promise<readonly string[]> {
  const packages = [`@openai/codex@${VERSION}`]
  const home = await fetchPackages({ name: 'codex', version: VERSION, packages })
  return [node(), join(home, 'node_modules/@openai/codex/bin/codex.js')]
}

interface Turn {
  readonly codex: readonly string[]
  /** Where it works, and finds its settings. */
  readonly folder: string
  readonly baseUrl: string
  readonly apiKey: string
  readonly model: string
  readonly prompt: string
  readonly websockets?: boolean
}

/** What Codex tells of a turn, one line of its output each. */
interface Told {
  readonly type: string
  readonly item?: {
    readonly type: string
    readonly text?: string
    readonly message?: string
    readonly command?: string
    readonly aggregated_output?: string
    readonly exit_code?: number | null
  }
  readonly usage?: Readonly<Record<string, number>>
  readonly error?: { readonly message: string }
}

/**
 * Let Codex do one turn. It runs tools without a sandbox, since containers may have no user
 * namespaces; and it does not try again, so that a fault is seen.
 */
export async function runCodex(turn: Turn) {
  const { codex, folder, baseUrl, apiKey, model, prompt, websockets = false } = turn
  const home = join(folder, 'home')
  await Bun.write(
    join(home, 'config.toml'),
    [
      `model = "${model}"`,
      'model_provider = "groxy"',
      'check_for_update_on_startup = false',
      '[model_providers.groxy]',
      'name = "Groxy"',
      `base_url = "${baseUrl}"`,
      'env_key = "GROXY_TEST_KEY"',
      'wire_api = "responses"',
      'request_max_retries = 0',
      'stream_max_retries = 0',
      `supports_websockets = ${websockets}`,
    ].join('\n'),
  )
  const { code, stdout, stderr } = await runProgram(
    [
      ...codex,
      ...['exec', '--json', '--skip-git-repo-check'],
      ...['--dangerously-bypass-approvals-and-sandbox', prompt],
    ],
    { cwd: folder, env: { HOME: folder, CODEX_HOME: home, GROXY_TEST_KEY: apiKey } },
  )
  const told: readonly Told[] = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const done = told
    .filter(({ type }) => type === 'item.completed')
    .flatMap(({ item }) => item ?? [])
  return {
    code,
    stderr,
    /** What the model said last. */
    text: done.findLast(({ type }) => type === 'agent_message')?.text ?? '',
    /** The commands that were run. */
    commands: done.filter(({ type }) => type === 'command_execution'),
    /** What Codex complains of. */
    complaints: done.filter(({ type }) => type === 'error').map(({ message = '' }) => message),
    usage: told.find(({ type }) => type === 'turn.completed')?.usage,
    failure: told.find(({ type }) => type === 'turn.failed')?.error?.message,
  }
}
