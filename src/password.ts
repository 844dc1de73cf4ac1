import { randomBytes, scrypt } from 'node:crypto'
import { sameText } from './crypto'

/** One of OWASP's choices for scrypt: 2^15 blocks of 1 KiB, three lanes. It fits into a Worker. */
const COST = { N: 2 ** 15, r: 8, p: 3 }

/** What a hash may ask for at most, whoever wrote it. */
const MOST_MEMORY = 256 * 1024 * 1024
const BYTES = 32

type Cost = typeof COST

const derive = (password: string, salt: Uint8Array, cost: Cost): Promise<string> =>
  new Promise((resolve, reject) => {
    const terms = { ...cost, maxmem: MOST_MEMORY }
    scrypt(password.normalize('NFKC'), salt, BYTES, terms, (error, hash) =>
      error ? reject(error) : resolve(hash.toString('hex')),
    )
  })

const costOf = (stored: string): Cost => {
  const [, N, r, p] = stored.split('$').map(Number)
  return { N: N ?? 0, r: r ?? 0, p: p ?? 0 }
}

/** Hash a password for storage: `scrypt$N$r$p$salt$hash`, in hexadecimal. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('hex'), hash].join('$')
}

/** Whether a password is the one that was hashed, in a time that does not tell how wrong it is. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split('$').slice(-2)
  return sameText(await derive(password, Uint8Array.fromHex(salt), costOf(stored)), hash)
}

/** How many bytes it takes to compare a password with a hash. */
export function hashMemory(stored: string): number {
  const { N, r } = costOf(stored)
  return 128 * N * r
}

/** Whether a hash was made as they are made now. */
export function isPresentHash(stored: string): boolean {
  const { N, r, p } = costOf(stored)
  return N === COST.N && r === COST.r && p === COST.p
}

/** A hash of no password, which takes as long to compare with as any other. */
export const HASH_OF_NOTHING = [
  'scrypt',
  COST.N,
  COST.r,
  COST.p,
  '00'.repeat(16),
  '00'.repeat(BYTES),
].join('$')
