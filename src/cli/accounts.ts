import {
  type ActionCall,
  addAccount,
  changeAccounts,
  clearAccounts,
  removeAccounts,
  switchAccounts,
} from './account-changes'
import { FILTERS } from './account-choice'
import { exportAccounts } from './account-export'
import { importAccounts } from './account-import'
import { listAccounts, listTags } from './account-list'
import { refreshCommand } from './account-refresh'
import { testCommand } from './account-test'
import { ACCOUNTS_HELP } from './accounts-help'
import { type Command, parse, UsageError } from './command'
import { withState } from './with-state'

const usage =
  'accounts add KIND SECRET|- [OPTIONS] | set NAME [OPTIONS] | enable|disable|clear NAME | remove NAME --yes | list | tags | test [NAME] | refresh NAME|--all | import FILE|- | export FILE|-'

const OPTIONS = {
  name: { type: 'string' },
  rename: { type: 'string' },
  secret: { type: 'string' },
  'base-url': { type: 'string' },
  models: { type: 'string' },
  api: { type: 'string' },
  weight: { type: 'string' },
  max: { type: 'string' },
  rpm: { type: 'string' },
  proxy: { type: 'string' },
  tier: { type: 'string' },
  'user-agent': { type: 'string' },
  'cf-clearance': { type: 'string' },
  'statsig-id': { type: 'string' },
  header: { type: 'string', multiple: true },
  cookies: { type: 'string' },
  tags: { type: 'string' },
  note: { type: 'string' },
  kind: { type: 'string' },
  tag: { type: 'string' },
  state: { type: 'string' },
  format: { type: 'string' },
  all: { type: 'boolean' },
  force: { type: 'boolean' },
  verbose: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
} as const

type Option = keyof typeof OPTIONS

interface Action {
  readonly options: readonly Option[]
  readonly run: (call: ActionCall) => Promise<number>
}

/** What may be said of an account when it is added, and later. */
const FIELDS: readonly Option[] = [
  ...(['base-url', 'models', 'api', 'weight', 'max', 'rpm', 'proxy', 'tier', 'tags'] as const),
  ...(['note', 'user-agent', 'cf-clearance', 'statsig-id', 'header', 'cookies'] as const),
]

const ACTIONS: Readonly<Record<string, Action>> = {
  add: { options: ['name', ...FIELDS], run: addAccount },
  set: { options: ['rename', 'secret', ...FIELDS, ...FILTERS, 'yes'], run: changeAccounts },
  enable: { options: [...FILTERS, 'yes'], run: switchAccounts(true) },
  disable: { options: [...FILTERS, 'yes'], run: switchAccounts(false) },
  clear: { options: [...FILTERS, 'yes'], run: clearAccounts },
  remove: { options: [...FILTERS, 'yes'], run: removeAccounts },
  list: {
    options: [...FILTERS, 'all'],
    run: ({ values }) => withState((state, config) => listAccounts(state, config, values)),
  },
  tags: { options: [], run: () => withState(listTags) },
  test: {
    options: [...FILTERS, 'all'],
    run: ({ subjects, values }) =>
      withState((state, config) => testCommand(state, config, subjects[0], values)),
  },
  refresh: {
    options: ['all'],
    run: ({ subjects, values }) =>
      withState((state, config) => refreshCommand(state, config, subjects[0], values)),
  },
  import: { options: ['tier', 'tags', 'note', 'dry-run', 'verbose'], run: importAccounts },
  export: { options: ['format', 'force', ...FILTERS], run: exportAccounts },
}

/** `groxy accounts` */
export const accountsCommand: Command = {
  usage,
  help: ACCOUNTS_HELP,
  async run(args) {
    const { values, lists, words } = parse(args, OPTIONS, usage)
    const [name = '', ...subjects] = words
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (!action) throw new UsageError('accounts: say what to do.', `Usage: groxy ${usage}`)
    const foreign = Object.keys(values).find((given) => !action.options.includes(given as Option))
    if (foreign)
      throw new UsageError(`accounts ${name} takes no --${foreign}.`, 'See: groxy accounts --help')
    return action.run({ subjects, values, lists })
  },
}
