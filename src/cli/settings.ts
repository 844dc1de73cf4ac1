import { proxyName } from '../proxy'
import { DEFAULT_SETTINGS, isProxySetting, isSecretSetting, Settings } from '../store/settings'
import { type Command, noteOnWorkers, parse, table, UsageError } from './command'
import { filePath } from './paths'
import { withState } from './with-state'

const usage = 'settings [list] | set NAME VALUE | reset NAME'

/** `groxy settings` */
export const settingsCommand: Command = {
  usage,
  help: 'A running server knows of changes within two seconds. Values are written as JSON: 30000, true.\nA proxy may have a password, http://USER:PASSWORD@HOST:PORT. It, and cookies and headers of yours, are stored\nencrypted and not shown; none takes them away. reset puts a default back.',
  run(args) {
    const { words } = parse(args, {}, usage)
    const [action = 'list', name, value] = words
    if (action === 'set' && name && value !== undefined)
      return withState(async ({ stores }, config) => {
        await stores.settings.set(name, isSecretSetting(name) ? value : readValue(value))
        const current = (await stores.settings.all())[name as keyof Settings]
        console.info(`${name} = ${shown(name, current)}`)
        if (isProxySetting(name) && current) noteOnWorkers(filePath(config) === undefined)
        return 0
      })
    if (action === 'reset' && name)
      return withState(async ({ stores }) => {
        await stores.settings.change({ [name]: null })
        console.info(`${name} = ${shown(name, DEFAULT_SETTINGS[name as keyof Settings])}`)
        return 0
      })
    if (action === 'list')
      return withState(async ({ stores }) => {
        const rows = Object.entries(await stores.settings.all()).map(([key, current]) => [
          key,
          shown(key, current),
          descriptionOf(key),
        ])
        console.info(table(['NAME', 'VALUE', 'MEANING'], rows))
        return 0
      })
    throw new UsageError('settings: say what to do.', `Usage: groxy ${usage}`)
  },
}

/** A value as it may be read over a shoulder. */
function shown(name: string, value: unknown): string {
  if (!isSecretSetting(name) || !value) return JSON.stringify(value)
  return isProxySetting(name) ? JSON.stringify(proxyName(String(value))) : '(set, not shown)'
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
