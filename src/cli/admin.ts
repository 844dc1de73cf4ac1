import { LONGEST_NAME, MOST_DAYS } from '../admin/access/schema'
import { createPasswords, LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../admin/passwords'
import type { AdminToken } from '../store/admin-tokens'
import { type Command, parse, table, UsageError, wholeNumber } from './command'
import { readSecretInput } from './secret-input'
import type { State } from './state'
import { withState } from './with-state'

const usage =
  'admin password | sessions [list] | sessions end [ID] | token create NAME [--days N] | token list | token revoke ID | unlock'

const DAY_MS = 86_400_000
/** The password is hashed here, where there is room for it. */
const MOST_MEMORY = 256 * 1024 * 1024

/** `groxy admin` */
export const adminCommand: Command = {
  usage,
  help: `  password      set a new password of the operator, which nobody has to know the old one for: it is typed,
                or read from standard input; everybody is logged out
  sessions      who is logged in on the admin page; \`end\` logs everybody out, or the one with an ID
  token         what programs present to /admin/api: Authorization: Bearer groxy-admin-…
                A token is shown once, when it is made, and good until it is revoked, or for --days N
  unlock        let everybody try to log in again at once, after too many wrong passwords

While the variable ADMIN_PASSWORD is set, it is the password, whatever is set here.`,
  run(args) {
    const { values, words } = parse(args, { days: { type: 'string' } }, usage)
    const [noun, verb = 'list', subject, ...more] = words
    const isLast = more.length === 0
    if (noun === 'password' && words.length === 1) return setPassword()
    if (noun === 'unlock' && words.length === 1) return withState(unlock)
    if (noun === 'sessions' && verb === 'list' && !subject) return withState(listSessions)
    if (noun === 'sessions' && verb === 'end' && isLast)
      return withState((state) => endSessions(state, subject))
    if (noun === 'token' && verb === 'list' && !subject) return withState(listTokens)
    if (noun === 'token' && verb === 'create' && subject?.trim() && isLast)
      return createToken(subject.trim(), wholeNumber('days', values.days))
    if (noun === 'token' && verb === 'revoke' && subject && isLast)
      return withState((state) => revokeToken(state, subject))
    throw new UsageError('admin: say what to do.', `Usage: groxy ${usage}`)
  },
}

async function setPassword(): Promise<number> {
  const password = await readSecretInput('New password: ')
  if (password.length < SHORTEST_PASSWORD || password.length > LONGEST_PASSWORD)
    throw new UsageError(
      `A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} signs.`,
      'Type it, or pipe it in: groxy admin password < FILE',
    )
  if (process.stdin.isTTY && (await readSecretInput('Once more: ')) !== password)
    throw new UsageError('The two are not the same.', 'Nothing was changed. Try again.')
  return withState(async ({ stores }, config) => {
    const parts = { settings: stores.settings, mostMemory: MOST_MEMORY, now: Date.now }
    await createPasswords({ ...parts, ofEnvironment: undefined }).set(password)
    const ended = await stores.adminSessions.endAll()
    console.info(`The password is set, and sessions were ended: ${ended}.`)
    if (config.ADMIN_PASSWORD)
      console.info('Note: ADMIN_PASSWORD is set, and is the password as long as it is.')
    return 0
  })
}

async function unlock({ stores }: State): Promise<number> {
  const any = await stores.loginFailures.clear()
  console.info(
    any
      ? 'Everybody may try to log in again, within five seconds.'
      : 'Nobody was kept from logging in.',
  )
  return 0
}

async function listSessions({ stores }: State): Promise<number> {
  const sessions = await stores.adminSessions.list()
  if (sessions.length === 0) console.info('Nobody is logged in.')
  else
    console.info(
      table(
        ['ID', 'ADDRESS', 'SINCE', 'LAST USED', 'BROWSER'],
        sessions.map(({ id, address, createdAt, seenAt, agent }) => [
          id,
          address ?? '',
          timeOf(createdAt),
          timeOf(seenAt),
          agent ?? '',
        ]),
      ),
    )
  return 0
}

async function endSessions({ stores }: State, id: string | undefined): Promise<number> {
  if (id === undefined) {
    console.info(`Sessions that were ended: ${await stores.adminSessions.endAll()}.`)
    return 0
  }
  const isEnded = await stores.adminSessions.end(id)
  console.info(isEnded ? 'It is over.' : `There is no session ${id}. See: groxy admin sessions`)
  return isEnded ? 0 : 1
}

function createToken(name: string, days: number | undefined): Promise<number> {
  if (name.length > LONGEST_NAME)
    throw new UsageError(`A name has ${LONGEST_NAME} signs at most.`, 'Choose a shorter one.')
  if (days !== undefined && days > MOST_DAYS)
    throw new UsageError(
      `--days must be a whole number from 1 to ${MOST_DAYS}.`,
      'Leave it out for a token that is good until it is revoked.',
    )
  return withState(async ({ stores }) => {
    const expiresAt = days === undefined ? null : Date.now() + days * DAY_MS
    const { token, secret } = await stores.adminTokens.create(name, expiresAt)
    console.info(`${secret}\n`)
    console.info(`Admin token "${token.name}" (id ${token.id}). It is not shown again.`)
    return 0
  })
}

async function listTokens({ stores }: State): Promise<number> {
  const tokens = await stores.adminTokens.list()
  if (tokens.length === 0)
    console.info('No admin tokens yet. Make one with: groxy admin token create NAME')
  else console.info(table(['ID', 'NAME', 'TOKEN', 'LAST USED', 'STATE'], tokens.map(tokenRow)))
  return 0
}

async function revokeToken({ stores }: State, id: string): Promise<number> {
  const gone = await stores.adminTokens.revoke(id)
  console.info(
    gone
      ? `Revoked "${gone.name}". Programs that use it stop working at once.`
      : `There is no admin token with the id ${id}. See: groxy admin token list`,
  )
  return gone ? 0 : 1
}

const tokenRow = ({ id, name, hint, seenAt, expiresAt }: AdminToken): string[] => [
  id,
  name,
  `…${hint}`,
  seenAt === null ? 'never' : timeOf(seenAt),
  expiresAt === null
    ? 'in force'
    : `${expiresAt <= Date.now() ? 'expired' : 'until'} ${timeOf(expiresAt).slice(0, 10)}`,
]

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
