import { Settings } from '../store/settings'
import { type Command, parse, table, UsageError } from './command'
import { withState } from './with-state'

const usage = 'settings [list] | set NAME VALUE'

/** `groxy settings` */
export const settingsCommand: Command = {
  usage,
  help: 'A running server knows of changes within two seconds. Values are written as JSON: 30000, true.',
  run(args) {
    const { words } = parse(args, {}, usage)
    const [action = 'list', name, value] = words
    if (action === 'set' && name && value !== undefined)
      return withState(async ({ stores }) => {
        await stores.settings.set(name, readValue(value))
        console.info(`${name} = ${value}`)
        return 0
      })
    if (action === 'list')
      return withState(async ({ stores }) => {
        const rows = Object.entries(await stores.settings.all()).map(([key, current]) => [
          key,
          JSON.stringify(current),
          descriptionOf(key),
        ])
        console.info(table(['NAME', 'VALUE', 'MEANING'], rows))
        return 0
      })
    throw new UsageError('settings: say what to do.', `Usage: groxy ${usage}`)
  },
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const descriptionOf = (name: string): string => {
  const property = Settings.properties[name as keyof Settings]
  return 'description' in property ? String(property.description) : ''
}
