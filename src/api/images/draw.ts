import type { RunningWork, Work, Works } from '../../dispatch/work'
import { ApiError, UpstreamFault } from '../../errors'
import { inParallel } from '../../parallel'
import type { Key } from '../../store/keys'
import type { LedgerEntry } from '../../store/ledger'
import type { Settings } from '../../store/settings'
import type {
  MadePicture,
  PictureEvent,
  PictureRequest,
  PictureUsageEvent,
} from '../../turn/picture'
import type { DrawCall, Upstream, WorkCall } from '../../upstream/upstream'
import { ableFor, drawing } from './model'

/** Pictures that are to be made, whoever makes them. */
export interface Commission {
  readonly requestId: string
  readonly key: Key
  /** As the ledger names it. */
  readonly endpoint: string
  readonly model: string
  readonly stream: boolean
  readonly n: number
  /** How many calls may run side by side. */
  readonly atOnce: number
  readonly request: PictureRequest
  /** Aborts when nobody wants them any more. */
  readonly signal: AbortSignal
  readonly settings: Settings
}

/**
 * Takes what one call makes. Places count the pictures of the whole request, from 0. What `picture` throws
 * is a picture that was made and is lost.
 */
export interface Easel {
  partial(place: number, picture: MadePicture): Promise<void>
  picture(place: number, picture: MadePicture): Promise<void>
  about(about: Readonly<Record<string, unknown>>): void
  usage(usage: PictureUsageEvent): Promise<void>
  /** The call is over, however it ended. */
  end(): Promise<void>
}

/** Called for each call that has begun, with the places that its pictures are for. */
export type SetUp = (running: RunningWork<PictureEvent>, places: readonly number[]) => Easel

/** What became of a commission. */
export interface Outcome {
  readonly made: number
  /** How many the upstreams' rules forbade. */
  readonly blocked: number
  readonly failures: readonly ApiError[]
  /** The calls, as the ledger has them. */
  readonly entries: readonly LedgerEntry[]
}

/** How often what did not come is asked for again. */
const MORE_ROUNDS = 2

/**
 * Has pictures made: by as many calls as it takes, each of which may go to another account, and what did
 * not come once more.
 */
export function createDraw({ works }: { readonly works: Works }) {
  /** How many pictures a call is asked for. */
  function mostOf({ n, model, request, stream }: Commission): number {
    const [first] = ableFor(works, model, request.work)
    // One call is enough to say that nobody can.
    if (!first) return n
    // OpenAI shows previews of a call's only picture.
    if (stream && request.partials > 0 && first.kind === 'openai') return 1
    return mostAt(first.upstream, first.model, request) ?? 1
  }

  /** @throws whatever is a bug; what goes wrong with calls is in the outcome */
  return async function draw(commission: Commission, setUp: SetUp): Promise<Outcome> {
    const { n, atOnce, signal } = commission
    const most = mostOf(commission)
    const failures: ApiError[] = []
    const entries: LedgerEntry[] = []
    const done = new Set<number>()
    let blocked = 0
    let bug: { readonly cause: unknown } | undefined
    const isOver = () => signal.aborted || bug !== undefined || failures.some(isFinal)

    async function callFor(places: readonly number[]): Promise<void> {
      const running = await works.run(workOf(commission, places.length, (one) => entries.push(one)))
      const easel = setUp(running, places)
      try {
        for await (const event of running.events) await take(event, places, easel)
      } finally {
        await easel.end()
      }
    }

    async function take(event: PictureEvent, places: readonly number[], easel: Easel) {
      if (event.type === 'usage') return easel.usage(event)
      if (event.type === 'about') return easel.about(event.about)
      const place = places[event.index]
      if (place === undefined || done.has(place)) return
      if (event.type === 'blocked') {
        blocked++
        return
      }
      if (event.type === 'partial') return easel.partial(place, event.picture)
      try {
        await easel.picture(place, event.picture)
        done.add(place)
      } catch (cause) {
        note(cause instanceof ApiError ? paidFor(cause) : cause)
      }
    }

    function note(cause: unknown) {
      if (cause instanceof ApiError) failures.push(cause)
      else bug ??= { cause }
    }

    for (let round = 0; round <= MORE_ROUNDS; round++) {
      const before = done.size
      const missing = Array.from({ length: n }, (_, place) => place).filter((at) => !done.has(at))
      const call = (places: readonly number[]) =>
        isOver() ? Promise.resolve() : callFor(places).catch(note)
      await inParallel(inParts(missing, most), atOnce, call)
      // Where nothing came, nothing would come of another try.
      if (isOver() || done.size === n || done.size === before) break
    }
    if (bug) throw bug.cause
    return { made: done.size, blocked, failures, entries }
  }
}

const mostAt = (upstream: Upstream, model: string, { work }: PictureRequest): number | undefined =>
  upstream.pictures?.most(model, work)

function workOf(
  { n: _, atOnce: __, request, ...commission }: Commission,
  count: number,
  onEnd: (entry: LedgerEntry) => void,
): Work<PictureEvent> {
  return {
    ...commission,
    ...drawing(commission.model, request.work),
    onEnd,
    begin: (upstream, call) => begin(upstream, call, { request, count }),
  }
}

/** Another account may be of a kind that makes fewer at once: what it lacks is asked for again. */
function begin(
  upstream: Upstream,
  call: WorkCall,
  { request, count }: Pick<DrawCall, 'request' | 'count'>,
): AsyncIterable<PictureEvent> {
  const { pictures } = upstream
  if (!pictures) throw new UpstreamFault('unable', 'It makes no pictures.', { status: 400 })
  const most = mostAt(upstream, call.model, request) ?? 1
  return pictures.draw({ ...call, request, count: Math.min(count, most) })
}

/** Why a picture is lost that was made: no SDK is to have another one made, and paid for, by itself. */
const paidFor = ({ code, message, details }: ApiError): ApiError =>
  new ApiError(code, message, { ...details, headers: { 'x-should-retry': 'false' } })

/** Whether nobody would answer the same request otherwise. */
const isFinal = ({ status, code }: ApiError): boolean => status < 500 || code === 'no_account'

const inParts = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  )
