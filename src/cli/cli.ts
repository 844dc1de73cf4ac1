import { version } from '../../package.json'
import { SetupError } from '../errors'
import { accountsCommand } from './accounts'
import { aliasesCommand } from './aliases'
import { backupCommand } from './backup'
import { type Command, UsageError } from './command'
import { doctorCommand } from './doctor'
import { environmentHelp } from './environment-help'
import { healthCommand } from './health'
import { keysCommand } from './keys'
import { migrateCommand } from './migrate'
import { openapiCommand } from './openapi'
import { serveCommand } from './serve'
import { settingsCommand } from './settings'

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: serveCommand,
  keys: keysCommand,
  accounts: accountsCommand,
  aliases: aliasesCommand,
  settings: settingsCommand,
  migrate: migrateCommand,
  backup: backupCommand,
  openapi: openapiCommand,
  doctor: doctorCommand,
  health: healthCommand,
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
    const command = COMMANDS[name]
    if (!command)
      throw new UsageError(`There is no command "${name}".`, '`groxy --help` lists the commands.')
    const own = isOption ? args : rest
    if (own.includes('--help') || own.includes('-h')) {
      console.info(`groxy ${command.usage}\n\n${command.summary}\n\n${command.help}`)
      return 0
    }
    return await command.run(own)
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
