import { keyState } from '../operator/key-state'
import type { Key, KeyChanges } from '../store/keys'
import { type Command, parse, table, UsageError } from './command'
import { LIMIT_OPTIONS, readLimits, showLimits } from './key-limits'
import { showUsage } from './key-usage'
import { withState } from './with-state'

const usage =
  'keys create NAME [limits] | set ID limits | enable ID | disable ID | list | usage [ID] | revoke ID'

/** `groxy keys` */
export const keysCommand: Command = {
  usage,
  help: `A key is shown once, when it is made; only its hash is kept. A running server knows of changes
within two seconds. Limits, of which 0 means nothing at all; \`none\` takes one away again:

  --models a,b       models the key may use, * standing for any signs: 'grok-4*'
  --rpm N            requests a minute
  --tpm N            tokens a minute
  --concurrency N    requests at once
  --chat-per-day N   chat requests a day, those to heavy models included
  --heavy-per-day N  requests to heavy models a day
  --image-per-day N  pictures a day
  --video-per-day N  videos a day
  --usd-per-day N    US dollars a day
  --usd-per-month N  US dollars a calendar month
  --rescue buffer    hold streams until they are whole, so that a broken one can be made again
  --days N           days until it expires

Days and months begin by the setting time_zone_minutes. \`keys usage\` shows what was used of limits.`,
  run(args) {
    const { values, words } = parse(args, LIMIT_OPTIONS, usage)
    const [action, subject] = words
    const changes = readLimits(values, Date.now())
    if (action === 'create' && subject?.trim()) return create(subject, changes)
    if (action === 'set' && subject && Object.keys(changes).length > 0)
      return change(subject, changes, 'Changed')
    if (action === 'enable' && subject) return change(subject, { enabled: true }, 'Enabled')
    if (action === 'disable' && subject) return change(subject, { enabled: false }, 'Disabled')
    if (action === 'list') return showAll()
    if (action === 'usage') return withState((state) => showUsage(state, subject, Date.now()))
    if (action === 'revoke' && subject)
      return withState(async ({ stores }) =>
        tell(
          subject,
          await stores.keys.revoke(subject),
          'Revoked. Programs that use it stop working within two seconds.',
        ),
      )
    throw new UsageError('keys: say what to do.', `Usage: groxy ${usage}`)
  },
}

const create = (name: string, { expiresAt, ...limits }: KeyChanges) =>
  withState(async ({ stores }) => {
    const wanted = { name, ...limits, expiresAt: expiresAt ?? undefined }
    const { key, secret } = await stores.keys.create(wanted)
    console.info(`${secret}\n`)
    console.info(`Key "${key.name}" (id ${key.id}). It is not shown again.`)
    return 0
  })

const change = (id: string, changes: KeyChanges, done: string) =>
  withState(async ({ stores }) =>
    tell(
      id,
      await stores.keys.change(id, changes),
      `${done}. A running server knows within two seconds.`,
    ),
  )

const showAll = () =>
  withState(async ({ stores }) => {
    const keys = await stores.keys.list()
    if (keys.length === 0) console.info('No keys yet. Make one with: groxy keys create NAME')
    else console.info(table(['ID', 'NAME', 'KEY', 'LIMITS', 'STATE'], keys.map(row)))
    return 0
  })

function tell(id: string, isDone: boolean, done: string): number {
  console.info(isDone ? done : `No key in force has the id ${id}. See: groxy keys list`)
  return isDone ? 0 : 1
}

const row = (key: Key): string[] => [
  key.id,
  key.name,
  `…${key.hint}`,
  showLimits(key),
  stateOf(key),
]

function stateOf(key: Key): string {
  const state = keyState(key, Date.now())
  if (state === 'revoked') return 'revoked'
  if (state === 'off') return 'disabled'
  if (!key.expiresAt) return 'in force'
  return `${state === 'expired' ? 'expired' : 'until'} ${key.expiresAt.toISOString().slice(0, 10)}`
}
