import type { Client } from '@libsql/client/web'

/** Does what is asked of a database, and something besides. */
export type Asking = <T>(question: () => Promise<T>) => Promise<T>

/** The same client, with something done around each of its calls. */
export const around = (client: Client, ask: Asking): Client =>
  ({
    protocol: client.protocol,
    get closed() {
      return client.closed
    },
    execute: (...parts: Parameters<Client['execute']>) => ask(() => client.execute(...parts)),
    batch: (...parts: Parameters<Client['batch']>) => ask(() => client.batch(...parts)),
    migrate: (...parts: Parameters<Client['migrate']>) => ask(() => client.migrate(...parts)),
    executeMultiple: (sql: string) => client.executeMultiple(sql),
    transaction: (...parts: Parameters<Client['transaction']>) => client.transaction(...parts),
    sync: () => client.sync(),
    reconnect: () => client.reconnect(),
    close: () => client.close(),
  }) as Client
