import { sameText } from '../crypto'
import { ApiError, SetupError } from '../errors'
import { HASH_OF_NOTHING, hashMemory, hashPassword, isPassword, isPresentHash } from '../password'
import { sleep } from '../sleep'
import type { SettingsStore } from '../store/settings'

/** The mark under which the hash of the operator's password is stored. */
export const PASSWORD_MARK = 'admin_password'

export const SHORTEST_PASSWORD = 8
export const LONGEST_PASSWORD = 200

interface PasswordParts {
  /** `ADMIN_PASSWORD`, which rules where it is set. */
  readonly ofEnvironment: string | undefined
  readonly settings: Pick<SettingsStore, 'mark' | 'setMark' | 'replaceMark'>
  /** How many bytes a hash may take here. */
  readonly mostMemory: number
  readonly now: () => number
  /** What takes long: replaced where it is counted. */
  readonly hashing?: Hashing
}

interface Hashing {
  readonly hash: typeof hashPassword
  readonly compare: typeof isPassword
}

interface Place {
  readonly since: number
}

/** How many are hashed at once: each takes 32 MiB and a tenth of a second of a core. */
const AT_ONCE = 2
/** How many may wait for those, for how long, and how often they look. */
const WAITING = 20
const LONGEST_WAIT_MS = 3_000
const LOOK_MS = 50
/** Work that was cut off with its request, as Workers do, never says that it is over. */
const LONGEST_HASH_MS = 30_000

/** The operator's password. However many guess at once, it takes no more of the machine than two of them. */
export function createPasswords(parts: PasswordParts) {
  const { ofEnvironment, settings, mostMemory, now } = parts
  const { hash, compare } = parts.hashing ?? { hash: hashPassword, compare: isPassword }
  const running = new Set<Place>()
  let waiting = 0

  /** A place among those that are hashed, if one is free now. */
  function take(): Place | undefined {
    for (const one of running) if (now() - one.since > LONGEST_HASH_MS) running.delete(one)
    if (running.size >= AT_ONCE) return undefined
    const own = { since: now() }
    running.add(own)
    return own
  }

  /** By timers of one's own: on Workers nobody can be woken by another request. */
  async function takeInTurn(): Promise<Place> {
    if (waiting >= WAITING) throw tooBusy()
    waiting++
    try {
      for (let waited = 0; waited < LONGEST_WAIT_MS; waited += LOOK_MS) {
        await sleep(LOOK_MS)
        const place = take()
        if (place) return place
      }
    } finally {
      waiting--
    }
    throw tooBusy()
  }

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    const place = take() ?? (await takeInTurn())
    try {
      return await work()
    } finally {
      running.delete(place)
    }
  }

  return {
    /** Whether the environment says what the password is, so that it cannot be changed here. */
    isFixed: ofEnvironment !== undefined,

    /** Whether there is a password at all. */
    isSet: async (): Promise<boolean> =>
      ofEnvironment !== undefined || Boolean(await settings.mark(PASSWORD_MARK)),

    /**
     * Whether a password is the operator's. Where none was ever chosen this takes as long as where one was.
     *
     * @throws ApiError `rate_limit_exceeded` while too many are asked about
     * @throws SetupError where the stored hash cannot be compared with here
     */
    async check(password: string): Promise<boolean> {
      if (ofEnvironment !== undefined) return sameText(password, ofEnvironment)
      const stored = await settings.mark(PASSWORD_MARK)
      const known = typeof stored === 'string' ? stored : HASH_OF_NOTHING
      if (hashMemory(known) > mostMemory) throw tooHeavy()
      const isGood = (await bounded(() => compare(password, known))) && known === stored
      if (isGood && !isPresentHash(known))
        await settings.replaceMark(PASSWORD_MARK, known, await bounded(() => hash(password)))
      return isGood
    },

    /** Hash a password for storage, in turn with others. */
    hash: (password: string): Promise<string> => bounded(() => hash(password)),

    set: async (password: string): Promise<void> =>
      settings.setMark(PASSWORD_MARK, await bounded(() => hash(password))),
  }
}

export type Passwords = ReturnType<typeof createPasswords>

/** @throws ApiError that says what a new password lacks */
export function checkNewPassword(password: string): void {
  if (password.length < SHORTEST_PASSWORD)
    throw new ApiError('invalid_value', 'The password needs at least eight characters.', {
      param: 'password',
    })
  if (password.length > LONGEST_PASSWORD)
    throw new ApiError('invalid_value', 'The password may have 200 characters at most.', {
      param: 'password',
    })
}

const tooBusy = () =>
  new ApiError('rate_limit_exceeded', 'Too many passwords are being checked. Try again soon.', {
    retryAfter: 2,
  })

const tooHeavy = () =>
  new SetupError(
    'The password was stored by an older version, in a form that takes more memory than a Worker has.',
    'Set it anew from any machine with the same DATABASE_URL: groxy admin password. Or set the secret ADMIN_PASSWORD of the Worker.',
  )
