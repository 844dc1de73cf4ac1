import type { Key } from '../store/keys'
import { type Command, list, parse, table, UsageError, wholeNumber } from './command'
import { withState } from './with-state'

const usage =
  'keys create NAME [--models a,b] [--rpm N] [--concurrency N] [--days N] | list | revoke ID'

const OPTIONS = {
  models: { type: 'string' },
  rpm: { type: 'string' },
  concurrency: { type: 'string' },
  days: { type: 'string' },
} as const

const DAY_MS = 86_400_000

/** `groxy keys` */
export const keysCommand: Command = {
  usage,
  help: `A key is shown once, when it is made; only its hash is kept. A running server knows of changes
within two seconds.

  --models a,b       models the key may use (default: all)
  --rpm N            requests a minute
  --concurrency N    requests at once
  --days N           days until it expires`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const [action, subject] = words
    if (action === 'create' && subject) {
      const days = wholeNumber('days', values.days)
      const wanted = {
        name: subject,

        models: list(values.models) ?? null,
        requestsPerMinute: wholeNumber('rpm', values.rpm) ?? null,
        concurrency: wholeNumber('concurrency', values.concurrency) ?? null,
        expiresAt: days ? new Date(Date.now() + days * DAY_MS) : undefined,
      }
      return withState(async ({ stores }) => {
        const { key, secret } = await stores.keys.create(wanted)
        console.info(`${secret}\n`)
        console.info(`Key "${key.name}" (id ${key.id}). It is not shown again.`)
        return 0
      })
    }
    if (action === 'list')
      return withState(async ({ stores }) => {
        const keys = await stores.keys.list()
        if (keys.length === 0) console.info('No keys yet. Make one with: groxy keys create NAME')
        else console.info(table(['ID', 'NAME', 'KEY', 'LIMITS', 'STATE'], keys.map(row)))
        return 0
      })
    if (action === 'revoke' && subject)
      return withState(async ({ stores }) => {
        const revoked = await stores.keys.revoke(subject)
        console.info(
          revoked
            ? 'Revoked. Programs that use it stop working within two seconds.'
            : `No key in force has the id ${subject}. See: groxy keys list`,
        )
        return revoked ? 0 : 1
      })
    throw new UsageError('keys: say what to do.', `Usage: groxy ${usage}`)
  },
}

function row(key: Key): string[] {
  const limits = [
    key.models && `models ${key.models.join(',')}`,
    key.requestsPerMinute && `${key.requestsPerMinute}/min`,
    key.concurrency && `${key.concurrency} at once`,
  ].filter((limit) => typeof limit === 'string')
  return [key.id, key.name, `…${key.hint}`, limits.join(', ') || 'none', stateOf(key)]
}

function stateOf({ revokedAt, expiresAt }: Key): string {
  if (revokedAt) return 'revoked'
  if (!expiresAt) return 'in force'
  const expired = expiresAt.getTime() <= Date.now()
  return `${expired ? 'expired' : 'until'} ${expiresAt.toISOString().slice(0, 10)}`
}
