import type { Settings } from '../store/settings'

interface LinkParts {
  /** `GROXY_SECRET`. */
  readonly secret: string
  readonly settings: () => Settings
  readonly now: () => number
}

/** Where media are served, by what they are. */
export const FOLDERS = { image: 'images', video: 'videos' } as const

type Sort = keyof typeof FOLDERS

/** How the addresses of all media of a sort begin. */
export const folderAt = (origin: string, sort: Sort): string => `${origin}/${FOLDERS[sort]}/`

/** Whether a link may be followed: until when, undefined where there is no end to it. */
export type LinkCheck =
  | { readonly isGood: true; readonly until: number | undefined }
  | { readonly isGood: false; readonly why: string }

const HOUR_S = 3_600
const HEX = /^[\da-f]{64}$/

/** Makes addresses of media and, where the operator wants them to end, signs them and checks that. */
export function createLinks({ secret, settings, now }: LinkParts) {
  let derived: CryptoKey | undefined

  async function key(): Promise<CryptoKey> {
    derived ??= await derive(secret)
    return derived
  }

  return {
    /** The absolute address of something. */
    async linkOf(origin: string, name: string, sort: Sort): Promise<string> {
      const plain = folderAt(origin, sort) + name
      const { media_link_hours: hours } = settings()
      if (hours === 0) return plain
      const expires = Math.ceil(now() / 1000) + hours * HOUR_S
      const signed = await crypto.subtle.sign('HMAC', await key(), textOf(name, sort, expires))
      return `${plain}?expires=${expires}&signature=${new Uint8Array(signed).toHex()}`
    },

    /** Whether what came with a request opens something. */
    async check(name: string, sort: Sort, query: URLSearchParams): Promise<LinkCheck> {
      if (settings().media_link_hours === 0) return { isGood: true, until: undefined }
      const expires = query.get('expires') ?? ''
      const signature = query.get('signature') ?? ''
      if (expires === '' || signature === '')
        return { isGood: false, why: 'This address lacks its signature: ask for it again.' }
      const isTrue =
        /^\d{1,15}$/.test(expires) &&
        HEX.test(signature) &&
        // The comparison takes the same time wherever two signatures differ.
        (await crypto.subtle.verify(
          'HMAC',
          await key(),
          Uint8Array.fromHex(signature),
          textOf(name, sort, Number(expires)),
        ))
      if (!isTrue) return { isGood: false, why: 'The signature of this address is wrong.' }
      const until = Number(expires) * 1000
      return until > now()
        ? { isGood: true, until }
        : { isGood: false, why: 'This address has expired.' }
    },
  }
}

export type Links = ReturnType<typeof createLinks>

const encoder = new TextEncoder()

const textOf = (name: string, sort: Sort, expires: number) =>
  encoder.encode(`${FOLDERS[sort]}/${name} until ${expires}`)

async function derive(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(0),
      info: encoder.encode('groxy media links'),
    },
    material,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  )
}
