import { type Client, createClient } from '@libsql/client/web'

/**
 * Turso or a self-hosted libSQL server, over HTTP.
 *
 * The client queues calls beyond `concurrency`. On Workers a queued call would be woken by another
 * request's I/O, which the runtime forbids ("code had hung"), so the queue is switched off.
 */
export const openRemote = (url: string, authToken?: string): Client =>
  createClient({ url, ...(authToken && { authToken }), concurrency: Number.MAX_SAFE_INTEGER })
