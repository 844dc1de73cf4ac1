import { SetupError } from './errors'

const encoder = new TextEncoder()

/** SHA-256 of a text, in lower-case hexadecimal. */
export async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))).toHex()
}

/** `bytes` random bytes in URL-safe base64. */
export const randomToken = (bytes: number): string =>
  crypto
    .getRandomValues(new Uint8Array(bytes))
    .toBase64({ alphabet: 'base64url', omitPadding: true })

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [encoder.encode(one), encoder.encode(other)]
  let difference = a.length ^ b.length
  for (const [at, byte] of a.entries()) difference |= byte ^ (b[at % b.length] ?? 0)
  return difference === 0
}

/** A new identifier that sorts nowhere and says nothing. */
export const newId = (): string => crypto.randomUUID().replaceAll('-', '')

/** Milliseconds since 1970 in hexadecimal, for some thousand years. */
const TIME_DIGITS = 12
const TIMED = /(?:^|[_-])([\da-f]{12})[\da-f]{20}$/

/** A new identifier that begins with the time: who does not find it knows whether it may be on its way. */
export const newTimedId = (now: number): string =>
  now.toString(16).padStart(TIME_DIGITS, '0') + newId().slice(TIME_DIGITS)

/** When something got its id, whatever stands before that; undefined where the id is none of ours. */
export function timeInId(id: string): number | undefined {
  const digits = TIMED.exec(id)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

const REQUEST = 'req_'

/** A new id of a request. It begins with the time, so that what is written of it is found by that. */
export const newRequestId = (now: number): string => REQUEST + newTimedId(now)

/** When a request came, as its id says; undefined where the text is no such id. */
export function requestTime(id: string): number | undefined {
  if (!/^req_[\da-f]{32}$/.test(id)) return
  return Number.parseInt(id.slice(REQUEST.length, REQUEST.length + TIME_DIGITS), 16)
}

/** The name of one instance among all that share its database: a given one, or one of its own. */
export function createName(given?: string): () => string {
  let name = given
  return () => {
    // Not at once: a Worker has no random numbers before its first request.
    name ??= newId()
    return name
  }
}

/** Seals the secrets of accounts and opens them again. */
export interface Vault {
  seal(plain: string): Promise<string>
  open(sealed: string): Promise<string>
}

const VERSION = 'v1'
const NONCE_BYTES = 12

/** Whether a text looks like one that a vault sealed. */
export const isSealed = (text: string): boolean => text.startsWith(`${VERSION}.`)

/**
 * AES-256-GCM under a key derived from `GROXY_SECRET` (HKDF-SHA-256). A sealed value reads
 * `v1.<base64url of nonce and ciphertext>`; a value that was tampered with does not open.
 */
export function createVault(secret: string): Vault {
  let derived: Promise<CryptoKey> | undefined
  const key = () => {
    derived ??= derive(secret)
    return derived
  }
  return {
    async seal(plain) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv },
        await key(),
        encoder.encode(plain),
      )
      const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength)
      bytes.set(iv)
      bytes.set(new Uint8Array(sealed), NONCE_BYTES)
      return `${VERSION}.${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`
    },

    async open(sealed) {
      const [version, body = ''] = sealed.split('.')
      if (version !== VERSION) throw wrongSecret()
      try {
        const bytes = Uint8Array.fromBase64(body, { alphabet: 'base64url' })
        const plain = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: bytes.subarray(0, NONCE_BYTES) },
          await key(),
          bytes.subarray(NONCE_BYTES),
        )
        return new TextDecoder().decode(plain)
      } catch (cause) {
        throw wrongSecret(cause)
      }
    },
  }
}

async function derive(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode('groxy') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

const wrongSecret = (cause?: unknown) =>
  new SetupError(
    'The database was encrypted with another secret.',
    'Set GROXY_SECRET to the value it had when the accounts were added, or put the file groxy.secret back beside the database.',
    cause,
  )
