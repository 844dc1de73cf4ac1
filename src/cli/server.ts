import { type App, createApp } from '../app'
import type { Config } from '../config'
import { faultFields } from '../log'
import { atMost } from '../sleep'
import { drain } from './drain'
import { addressAt, listen } from './listener'
import type { Member } from './member'
import type { Output } from './output'
import { createPlatform } from './platform'
import { awaitReturn, beginWithout } from './return'
import { openState, type State } from './state'

/** How often a machine looks whether the database was changed by another hand. */
const LOOK_MS = 2_000
/** When start-up is over, and nothing of it is needed any more. */
const SETTLED_MS = 1_000
/** How long a stop waits for the ledger when the database does not answer. */
const LAST_FLUSH_MS = 5_000
/** Above what we take ourselves, so that we can say why it is too much. */
const HEADER_BYTES = 128 * 1024

/** Answer requests in this process until it is told to stop, alone or as one of several. */
export async function runServer(config: Config, output: Output, member?: Member): Promise<void> {
  const { log } = output
  const isInUse = member !== undefined && !member.place.isFirst
  const state = await openState(config, { mayBeAway: true, isInUse })
  for (const migration of state.applied) log.info('migrated', { migration })
  const platform = createPlatform(config, state, log, member)
  const app = createApp(platform)
  const { away } = state
  await (away ? beginWithout({ away, app, log }) : app.load())
  const { websocket } = platform.sockets
  const server = listen(config, { fetch: app.fetch, websocket, place: member?.place })
  const address = addressAt(config.HOST, server.port)
  const greeting = { config, output, state, app, address }
  const isFirst = !member || member.place.isFirst
  if (isFirst) sayWhere(greeting)
  const welcome = async () => void (isFirst && (await greet(greeting)))
  const stopping = new AbortController()
  if (away) platform.later(awaitReturn({ away, app, log, onReturn: welcome }, stopping.signal))
  else await welcome()
  member?.begin({
    metrics: app.metrics,
    bury: (names) => state.stores.instances.bury(names, Date.now()),
    onFault: (cause) => log.warn('leases_wait', faultFields(cause)),
  })
  member?.listening(server.port ?? config.PORT)
  await tidyUp()
  const timer = setInterval(() => platform.later(app.refresh()), LOOK_MS)
  platform.later(app.refresh())

  const why = await stopSignal(member)
  log.info('stopping', { why, note: 'answers in progress are finished first' })
  await drain({ config, app, sockets: platform.sockets, server, member })
  clearInterval(timer)
  stopping.abort()
  await atMost(LAST_FLUSH_MS, app.flush().then(platform.settle))
  state.client.close()
  log.info('stopped')
}

interface Greeting {
  readonly config: Config
  readonly output: Output
  readonly state: State
  readonly app: App
  readonly address: string
}

function sayWhere({ address, output }: Greeting): void {
  output.always.info('listening', {
    address,
    openai_base_url: `${address}/v1`,
    docs: `${address}/swagger`,
  })
}

/** Tell a newcomer what there is to know. */
async function greet(parts: Greeting): Promise<void> {
  const { config, state, app, address } = parts
  const { always } = parts.output
  if (!config.GROXY_API_KEY && (await state.stores.keys.list()).length === 0) {
    const { secret } = await state.stores.keys.create({ name: 'first' })
    always.info('first_key', { key: secret, note: 'shown once; make more with groxy keys create' })
  }
  if (await app.needsSetup())
    always.info('setup_link', { url: `${address}/setup?token=${await app.setupToken()}` })
}

/** What need not be done before the first answer. */
async function tidyUp(): Promise<void> {
  // Bun reads this of every request, so that it may be said late; loading the module takes its time.
  const { default: http } = await import('node:http')
  Object.assign(http, { maxHeaderSize: HEADER_BYTES })
  // Most of what start-up left behind is garbage, and an idle gateway would keep it for long.
  setTimeout(() => Bun.gc(true), SETTLED_MS).unref()
}

/** Resolves with the reason when it is time to stop; the second signal does not wait any more. */
function stopSignal(member: Member | undefined): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    // A terminal sends Ctrl-C to a supervisor and its processes alike, and the supervisor answers for all.
    const signals = member ? (['SIGTERM'] as const) : (['SIGINT', 'SIGTERM'] as const)
    for (const signal of signals)
      process.on(signal, () => {
        if (asked) process.exit(1)
        asked = true
        resolve(signal)
      })
    void member?.stop.then(resolve)
  })
}
