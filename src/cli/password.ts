import { randomBytes, scrypt } from 'node:crypto'

/** OWASP's parameters for scrypt: 2^17 blocks of 1 KiB, one lane. */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }

/** Hash a password for storage: `scrypt$N$r$p$salt$hash`, in hexadecimal. */
export function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, COST, (error, hash) => {
      if (error) return reject(error)
      const { N, r, p } = COST
      resolve(['scrypt', N, r, p, salt.toString('hex'), hash.toString('hex')].join('$'))
    })
  })
}
