import { type RouteProblem, routeProblem } from '../operator/alias-rules'
import { ROUTE_REFUSALS, type Route } from '../store/aliases'
import { type Command, list, parse, table, UsageError } from './command'
import { withState } from './with-state'

const usage =
  'aliases set NAME MODEL [MODEL…] [--also context_length,moderation] | set NAME --split MODEL=WEIGHT [MODEL=WEIGHT…] | remove NAME | list'

const OPTIONS = { also: { type: 'string' }, split: { type: 'boolean' } } as const

/** `groxy aliases` */
export const aliasesCommand: Command = {
  usage,
  help: `An alias answers under its own name and appears in GET /v1/models while one of its models does.

Of several models the first answers, and the next when no account of those before can. With --also the next is
asked too when a model refuses a request as too long (context_length) or for its content (moderation).
With --split each turn goes to one of them, by weight, and to another when that one cannot answer.

  groxy aliases set gpt-4o grok-4.3
  groxy aliases set best grok-4.3 llama3 --also context_length
  groxy aliases set mixed --split grok-4.3=9 llama3=1`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const [action, name, ...models] = words
    if (action === 'set' && name) {
      const route = values.split ? splitOf(models) : orderOf(models)
      const also = refusalsOf(list(values.also))
      return withState(async ({ stores }) => {
        const refuse = async () => {
          const problem = routeProblem(name, route, await stores.aliases.routes())
          if (problem) throw refused(problem)
        }
        await refuse()
        // Somebody else may make an alias of one of its models meanwhile.
        const isSet = await stores.aliases.set(name, also.length > 0 ? { ...route, also } : route)
        if (!isSet) await refuse()
        console.info(`"${name}" now means ${textOf(route)}.`)
        return 0
      })
    }
    if (action === 'remove' && name)
      return withState(async ({ stores }) => {
        const removed = await stores.aliases.remove(name)
        console.info(
          removed
            ? `"${name}" means nothing any more.`
            : `There is no alias "${name}". See: groxy aliases list`,
        )
        return removed ? 0 : 1
      })
    if (action === 'list')
      return withState(async ({ stores }) => {
        const rows = [...(await stores.aliases.routes())].map(([alias, route]) => [
          alias,
          textOf(route),
          route.also?.join(', ') ?? '',
        ])
        console.info(
          rows.length > 0 ? table(['NAME', 'MODEL', 'ALSO ON'], rows) : 'No aliases yet.',
        )
        return 0
      })
    throw new UsageError('aliases: say what to do.', `Usage: groxy ${usage}`)
  },
}

const orderOf = (models: readonly string[]): Route => ({
  mode: 'order',
  targets: models.map((model) => ({ model })),
})

/** A model may have `=` in its name: the weight stands after the last. */
function splitOf(words: readonly string[]): Route {
  const targets = words.map((word) => {
    const [, model = '', weight = ''] = word.match(/^(.+)=([^=]*)$/) ?? []
    if (!model || !/^[1-9]\d{0,5}$/.test(weight))
      throw new UsageError(
        `"${word}" is no model with a weight.`,
        'Write MODEL=WEIGHT, with a whole number from 1 to 999999 as the weight.',
      )
    return { model, weight: Number(weight) }
  })
  return { mode: 'split', targets }
}

function refused({ kind, model, user }: RouteProblem): UsageError {
  if (kind === 'none')
    return new UsageError('aliases set: name at least one model.', `Usage: groxy ${usage}`)
  if (kind === 'twice') return new UsageError(`"${model}" is named twice.`, 'Name each model once.')
  if (kind === 'alias')
    return new UsageError(
      `"${model}" is an alias itself.`,
      'Name the models that it stands for: groxy aliases list',
    )
  return new UsageError(
    `"${model}" is a model of the alias "${user}".`,
    'Choose another name, or change that alias first.',
  )
}

function refusalsOf(given: readonly string[] = []): NonNullable<Route['also']>[number][] {
  return given.map((word) => {
    const known = ROUTE_REFUSALS.find((refusal) => refusal === word)
    if (known) return known
    throw new UsageError(
      `--also does not know "${word}".`,
      `It knows ${ROUTE_REFUSALS.join(' and ')}.`,
    )
  })
}

/** `grok-4, then llama3`, or `grok-4=9 or llama3=1`. */
function textOf({ mode, targets }: Route): string {
  if (mode === 'order') return targets.map(({ model }) => model).join(', then ')
  return targets.map(({ model, weight = 1 }) => `${model}=${weight}`).join(' or ')
}
