import { listen } from '../media/server'
import { type AccountOptions, createAccounts, type WebAccount } from './accounts'
import type { Script, Wire } from './answers'
import { createAssetHost } from './asset-host'
import { createBelongings } from './belongings'
import { createChat } from './chat'
import { createFiles, type UploadLimit } from './files'
import { createImagine, type Round, type RoundAsked, type Socket } from './imagine'
import { type Asset, type AssetOptions, createLibrary } from './library'
import { createLimits } from './limits'
import { draws, films } from './media-scenarios'
import { createMeter } from './quota'
import { type Call, createRecords, type Endpoint } from './records'
import { echo } from './scenarios'
import { createScripts, type When } from './scripts'
import { createSite, type Interceptor, type Requirements } from './site'

export { mp4 } from '../media/films'
export { jpeg } from '../media/jpeg'
export type { AccountOptions, State, Tier, WebAccount } from './accounts'
export type { Answer, Script, Turn, Wire } from './answers'
export * from './faults'
export * from './frames'
export type { Round } from './imagine'
export type { Asset } from './library'
export * from './media-scenarios'
export type { Call, Endpoint } from './records'
export { refusals } from './refusals'
export * from './scenarios'

/** How the fake begins. */
interface Options {
  readonly accounts?: readonly AccountOptions[]
  /** The clock of the quota windows. */
  readonly now?: () => number
  readonly requires?: Requirements
  /** The port of the app, to come back where a stopped one was. */
  readonly port?: number
}

const standard: Script = ({ work }) => {
  if (work === 'video') return films()
  return work === 'chat' ? echo : draws()
}

/**
 * grok.com and its asset host, two real servers, written from the protocol text alone
 * (grok-web-protocol.md). It answers sensibly by itself, and otherwise as it is told to; it counts
 * quotas, keeps files, and writes down what it was sent and what was wrong with it.
 */
export function fakeGrokWeb(options: Options = {}) {
  const { now = Date.now, port = 0 } = options
  const accounts = createAccounts(options.accounts ?? [{ name: 'one' }])
  const records = createRecords()
  const library = createLibrary()
  const meter = createMeter(now)
  const scripts = createScripts(standard)
  const interceptors: Interceptor[] = []
  let requirements = options.requires ?? {}
  let wire: Wire = {}

  const host = { hostname: '127.0.0.1', idleTimeout: 0 } as const
  const assetHost = listen(createAssetHost({ accounts, library, records }))
  const assetsUrl = assetHost.origin
  const belongings = createBelongings({ library, assetsUrl })
  const files = createFiles({ belongings, library, assetsUrl, url: () => url })
  const imagine = createImagine({ library, meter, records, assetsUrl })
  const intercept: Interceptor = async (call) => {
    for (const interceptor of interceptors) {
      const response = await interceptor(call)
      if (response) return response
    }
    return undefined
  }
  const site = createSite({
    ...{ accounts, records, files, intercept, requirements: () => requirements, url: () => url },
    limits: createLimits({ meter }),
    chat: createChat({
      ...{ belongings, library, meter, records, scripts, assetsUrl, wire: () => wire },
    }),
  })
  const app = Bun.serve<Socket>({
    ...{ ...host, port, maxRequestBodySize: 512 * 1024 * 1024 },
    ...{ fetch: site, websocket: imagine.websocket },
  })
  const url = `http://127.0.0.1:${app.port}`

  async function stop(): Promise<void> {
    records.stop()
    assetHost.stop()
    await app.stop(true)
  }

  return {
    /** The stand-in for `https://grok.com`, without a slash at the end. */
    url,
    /** The stand-in for `https://assets.grok.com`. */
    assetsUrl,

    /** The account of this name, to be changed while the fake runs. */
    account: (name: string): WebAccount => accounts.named(name),
    add: (account: AccountOptions): WebAccount => accounts.add(account),

    /** What to say from now on to the chats that fit; the newest script is asked first. */
    script(script: Script, when?: When): void {
      scripts.add(script, when)
    },
    /** What to say to the next chats that fit, one each, before any script. */
    queue(scripted: readonly Script[], when?: When): void {
      scripts.queue(scripted, when)
    },
    /** How many queued answers were not asked for yet. */
    queued: (): number => scripts.queued(),
    clearScripts: (): void => scripts.clear(),
    /** How all answers become bytes that do not say it themselves. */
    wire(next: Wire): void {
      wire = next
    },
    /** Rounds of the imagine socket: from now on, and the next ones. */
    scriptImagine: (round: (asked: RoundAsked) => Round): void => imagine.script(round),
    queueImagine: (...rounds: readonly Round[]): void => imagine.queue(...rounds),
    /** Answer an endpoint of the app instead of the fake, until the returned function is called. */
    intercept(endpoint: Endpoint, interceptor: Interceptor): () => void {
      const entry: Interceptor = (call) =>
        call.endpoint === endpoint ? interceptor(call) : undefined
      interceptors.push(entry)
      return () => void interceptors.splice(interceptors.indexOf(entry), 1)
    },
    /** What calls must bring from now on. */
    require(next: Requirements): void {
      requirements = next
    },
    limitUploads: (limit: UploadLimit | undefined): void => files.limitUploads(limit),
    repeatPageToken: (isOn: boolean): void => files.repeatPageToken(isOn),

    /** A window of an account: what is left, the total, seconds until it is full again. */
    quota: (name: string, bucket: string) => meter.standing(accounts.named(name), bucket),
    setQuota(name: string, bucket: string, remaining: number, total?: number): void {
      meter.set(accounts.named(name), bucket, remaining, total)
    },

    /** Put a file on the asset host; without an account it is everybody's. */
    put: (name: string | undefined, asset: AssetOptions): Asset =>
      library.put(name === undefined ? undefined : accounts.named(name).userId, asset),
    /** The file at a path or an address of the asset host, to be made to misbehave. */
    asset: (address: string): Asset | undefined =>
      library.at(address.replace(`${assetsUrl}/`, '').replace(/^\//, '')),

    /** All calls, and those of an account, of an endpoint. */
    calls: records.calls,
    callsOf: records.of,
    /** Chats, first turns and later ones. */
    chats: (account?: string): readonly Call[] =>
      records.calls.filter(
        (call) =>
          (call.endpoint === 'new' || call.endpoint === 'follow-up') &&
          (account === undefined || call.account === account),
      ),
    /** Everything that was wrong with the calls, with method and path. */
    complaints: records.complaints,
    /** The call that a client leaves early, once it does: the first that matches, or a later one. */
    left: records.left,
    /** Forget the calls so far, those that still run too. */
    forget: records.forget,
    /** When so many calls of an account or an endpoint have come. */
    arrived: records.arrived,
    /** When no call is being answered. */
    settled: records.settled,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export type FakeGrokWeb = ReturnType<typeof fakeGrokWeb>
