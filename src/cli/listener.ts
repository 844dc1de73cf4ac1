import type { App } from '../app'
import type { Config } from '../config'
import { SetupError } from '../errors'
import { faultFields } from '../log'
import type { Place } from './process-messages'
import type { Sockets } from './sockets'

interface Listening {
  readonly fetch: App['fetch']
  readonly websocket: Sockets['websocket']
  /** As one of several processes at the same port. */
  readonly place?: Place | undefined
}

/** Take requests at the address of the configuration. */
export function listen(config: Config, { fetch, websocket, place }: Listening) {
  try {
    return Bun.serve({
      port: place?.isFirst ? freePort(config) : config.PORT,
      hostname: config.HOST,
      development: false,
      // Else a second Groxy would share the port, and half of the calls would go astray.
      reusePort: place !== undefined,
      // A model may think for minutes; our own limits are in the settings.
      idleTimeout: 0,
      // Ours is a setting, and says so; Bun's own refusal has no body.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch,
      websocket,
    })
  } catch (cause) {
    throw explainPort(config, cause)
  }
}

/** The port that is to be shared, which nobody else may have: any free one where it is 0. */
function freePort({ HOST, PORT }: Config): number {
  const probe = Bun.listen({ hostname: HOST, port: PORT, socket: { data() {} } })
  probe.stop(true)
  return probe.port
}

/** A look at new connections that takes less has found none; after so long twice as much is little, too. */
const NO_TIME_MS = 0.1
const PATIENCE_MS = 100

/**
 * Resolves when no new connection waits, as well as can be told: what waits at a port that is closed is cut
 * off, although other processes take connections there.
 */
export async function quietMoment(): Promise<void> {
  const begun = performance.now()
  for (;;) {
    const before = performance.now()
    await new Promise((resolve) => setImmediate(resolve))
    const after = performance.now()
    if (after - before < NO_TIME_MS * 2 ** ((before - begun) / PATIENCE_MS)) return
  }
}

function explainPort({ HOST, PORT }: Config, cause: unknown): SetupError {
  const { code } = cause as { code?: string }
  if (code === 'EADDRINUSE')
    return new SetupError(
      `Port ${PORT} on ${HOST} is in use by another program.`,
      'Choose another with --port or PORT; `groxy doctor` tells who answers there.',
      cause,
    )
  return new SetupError(
    `Groxy cannot listen on ${HOST}:${PORT}: ${faultFields(cause).error}`,
    'Ports below 1024 need rights; HOST must be an address of this machine.',
    cause,
  )
}

/** Where programs of this machine find what listens on a host and port. */
export const addressAt = (host: string, port: number | undefined): string =>
  `http://${hostInUrl(host)}:${port}`

const hostInUrl = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host === '::' ? '::1' : host}]` : host
