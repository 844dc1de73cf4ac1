import type { App } from '../app'
import type { Config } from '../config'
import { SetupError } from '../errors'
import { faultFields } from '../log'
import type { Sockets } from './sockets'

interface Listening {
  readonly fetch: App['fetch']
  readonly websocket: Sockets['websocket']
}

/** Take requests at the address of the configuration. */
export function listen(config: Config, { fetch, websocket }: Listening) {
  try {
    return Bun.serve({
      port: config.PORT,
      hostname: config.HOST,
      development: false,
      // Else a second Groxy would share the port, and half of the calls would go astray.
      reusePort: false,
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
