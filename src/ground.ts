/** Where a gateway runs, for who looks after it. */
export interface Ground {
  /** `Bun 1.4.5 on linux-x64`, `Cloudflare Workers`. */
  readonly runtime: string
  /** What its machine is called; left out where there is none. */
  readonly host?: string
  /** In milliseconds since 1970; left out where no process is the gateway. */
  readonly startedAt?: number
  readonly database: DatabasePlace
  readonly media: MediaPlace
  /** The variables as they were given, before anything was made of them. */
  readonly environment: () => Readonly<Record<string, unknown>>
  /** Look at a database file from end to end, beside the gateway. Present where there is a file. */
  readonly inspect?: () => Promise<Inspection>
  /** A copy of a database file, made beside the gateway. Present where there is a file. */
  readonly backup?: () => Promise<ReadableStream<Uint8Array>>
}

export type DatabasePlace =
  | { readonly kind: 'file'; readonly path: string; readonly size: () => number }
  | { readonly kind: 'memory' }
  | { readonly kind: 'server'; readonly host: string }

export type MediaPlace =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'database' }
  | { readonly kind: 'bucket' }

/** How a database is. */
export interface Inspection {
  /** Undefined while it is sound. */
  readonly problem?: string | undefined
  /** What each table weighs with its indexes, the largest first; empty where that cannot be told. */
  readonly tables: readonly { readonly name: string; readonly bytes: number }[]
}
