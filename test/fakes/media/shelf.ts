import type { Call } from './calls'

/** A file that is kept, for the key that sent it. */
export interface Stored {
  readonly account: string
  readonly id: string
  readonly filename: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

interface Parts<File extends Stored> {
  readonly now: () => number
  /** A file as the API tells of it. */
  readonly shown: (file: File) => object
  readonly missing: (id: string) => Response
  /** What its content is served as. */
  readonly servedAs: (file: File) => string
}

/** The files that an API keeps, as far as all keep them alike. */
export function createShelf<File extends Stored>({ now, shown, missing, servedAs }: Parts<File>) {
  const files = new Map<string, File>()

  const find = (account: string | undefined, id: string): File | undefined => {
    const file = files.get(id)
    if (!file || file.account !== account) return undefined
    return (file.expiresAt ?? Number.MAX_VALUE) > now() / 1000 ? file : undefined
  }

  const one = ({ account }: Call, id: string, answer: (file: File) => Response): Response => {
    const file = find(account, id)
    return file ? answer(file) : missing(id)
  }

  return {
    keep(file: File): Response {
      files.set(file.id, file)
      return Response.json(shown(file))
    },
    /** What there is for a key, in the order that it asks for. */
    own({ account, query }: Call): File[] {
      const own = [...files.values()].filter(({ id }) => find(account, id))
      return query.get('order') === 'asc' ? own : own.reverse()
    },
    /** What every API answers. */
    answers: {
      get: (call: Call, id: string) => one(call, id, (file) => Response.json(shown(file))),
      remove: (call: Call, id: string) =>
        one(call, id, () => {
          files.delete(id)
          return Response.json({ id, object: 'file', deleted: true })
        }),
      content: (call: Call, id: string) =>
        one(
          call,
          id,
          (file) => new Response(file.bytes, { headers: { 'content-type': servedAs(file) } }),
        ),
      bytesOf: (account: string, id: string) => find(account, id)?.bytes,
      /** Everything that is there, of all accounts. */
      all: (): readonly File[] => [...files.values()],
      /** As if it had expired. */
      forget: (id: string): boolean => files.delete(id),
    },
  }
}
