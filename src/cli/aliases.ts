import { type Command, parse, table, UsageError } from './command'
import { withState } from './with-state'

const usage = 'aliases set NAME MODEL | remove NAME | list'

/** `groxy aliases` */
export const aliasesCommand: Command = {
  usage,
  help: `An alias answers under its own name and appears in GET /v1/models while its model does.
Example: groxy aliases set gpt-4o grok-4.3`,
  run(args) {
    const { words } = parse(args, {}, usage)
    const [action, name, model] = words
    if (action === 'set' && name && model)
      return withState(async ({ stores }) => {
        await stores.aliases.set(name, model)
        console.info(`"${name}" now means "${model}".`)
        return 0
      })
    if (action === 'remove' && name)
      return withState(async ({ stores }) => {
        await stores.aliases.remove(name)
        console.info(`"${name}" means nothing any more.`)
        return 0
      })
    if (action === 'list')
      return withState(async ({ stores }) => {
        const aliases = [...(await stores.aliases.all())].map(([from, to]) => [from, to])
        console.info(aliases.length > 0 ? table(['NAME', 'MODEL'], aliases) : 'No aliases yet.')
        return 0
      })
    throw new UsageError('aliases: say what to do.', `Usage: groxy ${usage}`)
  },
}
