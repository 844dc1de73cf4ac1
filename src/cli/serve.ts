import { type App, createApp } from '../app'
import { type Config, readConfig } from '../config'
import { SetupError } from '../errors'
import { faultFields } from '../log'
import { type Command, parse } from './command'
import { createOutput, type Output } from './output'
import { createPlatform } from './platform'
import type { Sockets } from './sockets'
import { openState } from './state'

/** How often a machine looks whether the database was changed by another hand. */
const LOOK_MS = 2_000
/** When start-up is over, and nothing of it is needed any more. */
const SETTLED_MS = 1_000
/** How long a stop waits for the ledger when the database does not answer. */
const LAST_FLUSH_MS = 5_000
/** Above what we take ourselves, so that we can say why it is too much. */
const HEADER_BYTES = 128 * 1024

const usage = 'serve [--port N] [--host ADDRESS]'

/** `groxy serve` */
export const serveCommand: Command = {
  usage,
  help: `Opens the database, prints the address and, at the first start, a key and a set-up link.
SIGTERM or Ctrl-C stops it without cutting an answer; a second one stops it at once.`,
  async run(args) {
    const { values } = parse(args, { port: { type: 'string' }, host: { type: 'string' } }, usage)
    const config = readConfig({
      ...process.env,
      ...(values.port !== undefined && { PORT: values.port }),
      ...(values.host !== undefined && { HOST: values.host }),
    })
    const output = createOutput(config.LOG_LEVEL)
    try {
      await serve(config, output)
      return 0
    } finally {
      output.flush()
    }
  },
}

async function serve(config: Config, output: Output): Promise<void> {
  const { log, always } = output
  const state = await openState(config)
  for (const migration of state.applied) log.info('migrated', { migration })
  const platform = createPlatform(config, state, log)
  const app = createApp(platform)
  await app.load()
  const server = listen(config, app.fetch, platform.sockets.websocket)
  const address = `http://${hostInUrl(config.HOST)}:${server.port}`
  always.info('listening', {
    address,
    openai_base_url: `${address}/v1`,
    docs: `${address}/swagger`,
  })
  if (!config.GROXY_API_KEY && (await state.stores.keys.list()).length === 0) {
    const { secret } = await state.stores.keys.create({ name: 'first' })
    always.info('first_key', { key: secret, note: 'shown once; make more with groxy keys create' })
  }
  if (await app.needsSetup())
    always.info('setup_link', { url: `${address}/setup?token=${platform.setup.token}` })
  await tidyUp()
  const timer = setInterval(() => platform.later(app.refresh()), LOOK_MS)
  platform.later(app.refresh())

  await stopSignal()
  log.info('stopping', { note: 'answers in progress are finished first' })
  clearInterval(timer)
  app.drain()
  platform.sockets.leave()
  await server.stop()
  const lastWrites = app.flush().then(platform.settle)
  await Promise.race([lastWrites, Bun.sleep(LAST_FLUSH_MS)])
  state.client.close()
  log.info('stopped')
}

function listen(config: Config, fetch: App['fetch'], websocket: Sockets['websocket']) {
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
    const { code } = cause as { code?: string }
    const { HOST, PORT } = config
    if (code === 'EADDRINUSE')
      throw new SetupError(
        `Port ${PORT} on ${HOST} is in use by another program.`,
        'Choose another with --port or PORT; `groxy doctor` tells who answers there.',
        cause,
      )
    throw new SetupError(
      `Groxy cannot listen on ${HOST}:${PORT}: ${faultFields(cause).error}`,
      'Ports below 1024 need rights; HOST must be an address of this machine.',
      cause,
    )
  }
}

/** What need not be done before the first answer. */
async function tidyUp(): Promise<void> {
  // Bun reads this of every request, so that it may be said late; loading the module takes its time.
  const { default: http } = await import('node:http')
  Object.assign(http, { maxHeaderSize: HEADER_BYTES })
  // Most of what start-up left behind is garbage, and an idle gateway would keep it for long.
  setTimeout(() => Bun.gc(true), SETTLED_MS).unref()
}

/** Resolves at the first signal to stop; the second one does not wait any more. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (asked) process.exit(1)
        asked = true
        resolve()
      })
  })
}

const hostInUrl = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host === '::' ? '::1' : host}]` : host
