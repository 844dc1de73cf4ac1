import { version } from '../../package.json'
import { SetupError } from '../errors'
import { type Command, UsageError } from './command'
import { environmentHelp } from './environment-help'

interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Each is loaded when it is asked for: the server starts sooner without the others. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'answer requests (what `groxy` alone does)',
    load: async () => (await import('./serve')).serveCommand,
  },
  keys: {
    summary: 'make, list and revoke the keys of programs',
    load: async () => (await import('./keys')).keysCommand,
  },
  accounts: {
    summary: 'add, import, list, test, change, export and remove the accounts of the pool',
    load: async () => (await import('./accounts')).accountsCommand,
  },
  admin: {
    summary: "set the operator's password, end sessions, make tokens for the admin API",
    load: async () => (await import('./admin')).adminCommand,
  },
  aliases: {
    summary: 'give models other names',
    load: async () => (await import('./aliases')).aliasesCommand,
  },
  prices: {
    summary: 'see and set what models cost',
    load: async () => (await import('./prices')).pricesCommand,
  },
  log: {
    summary: 'show finished turns, and why they failed',
    load: async () => (await import('./log')).logCommand,
  },
  usage: {
    summary: 'add up turns, tokens and costs',
    load: async () => (await import('./usage')).usageCommand,
  },
  settings: {
    summary: 'see and change what may be changed while Groxy runs',
    load: async () => (await import('./settings')).settingsCommand,
  },
  jobs: {
    summary: 'see background work, begin or cancel it',
    load: async () => (await import('./jobs')).jobsCommand,
  },
  instances: {
    summary: 'show who shares the database now',
    load: async () => (await import('./instances')).instancesCommand,
  },
  migrate: {
    summary: 'bring the database up to date (before a Worker is deployed)',
    load: async () => (await import('./migrate')).migrateCommand,
  },
  backup: {
    summary: 'copy the database into a file while the server runs',
    load: async () => (await import('./backup')).backupCommand,
  },
  copy: {
    summary: 'copy everything to another database, a file or a libSQL server, and back',
    load: async () => (await import('./copy')).copyCommand,
  },
  openapi: {
    summary: 'print the OpenAPI document',
    load: async () => (await import('./openapi')).openapiCommand,
  },
  doctor: {
    summary: 'check what usually goes wrong',
    load: async () => (await import('./doctor')).doctorCommand,
  },
  health: {
    summary: 'ask whether Groxy answers on this machine (for containers)',
    load: async () => (await import('./health')).healthCommand,
  },
}

/** Exit codes: what was asked for was done, it failed, or it was not understood. */
const FAILED = 1
const NOT_UNDERSTOOD = 2

/** Run one command line and give its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = args
  if (first === '--version' || first === '-v') {
    console.info(version)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    console.info(overview())
    return 0
  }
  const isOption = first.startsWith('-')
  const name = isOption ? 'serve' : first
  try {
    const entry = COMMANDS[name]
    if (!entry)
      throw new UsageError(`There is no command "${name}".`, '`groxy --help` lists the commands.')
    const command = await entry.load()
    const own = isOption ? args : rest
    if (own.includes('--help') || own.includes('-h')) {
      console.info(`groxy ${command.usage}\n\n${entry.summary}\n\n${command.help}`)
      return 0
    }
    const code = await command.run(own)
    if (code === 0 && name !== 'serve') await (await import('./audit')).noteChange(name, own)
    return code
  } catch (problem) {
    if (!(problem instanceof SetupError)) throw problem
    console.error(`groxy: ${problem.message}\n${problem.remedy}`)
    return problem instanceof UsageError ? NOT_UNDERSTOOD : FAILED
  }
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  groxy ${name.padEnd(10)} ${summary}`,
  )
  return `Groxy ${version}: every Grok you may use, behind one OpenAI-compatible address.

Start it with \`groxy\`. It prints its address and a first key; point any OpenAI client at
http://127.0.0.1:8000/v1 with that key. Until you add an account, the model "demo" answers.

Commands (\`groxy COMMAND --help\` says more):
${commands.join('\n')}

Environment:
${environmentHelp()}

Exit codes: 0 done, 1 failed, 2 not understood.`
}
