import { sha256 } from '../crypto'
import type { ApiError } from '../errors'
import { faultFields } from '../log'
import { sleep } from '../sleep'
import { hourOf, type MediaRow } from '../store/media'
import { concatBytes } from '../stream/bytes'
import { createAhead } from './ahead'
import { unavailable } from './flight'
import { createFlights, type FlightsParts, isKept, MEGABYTE, notThere } from './flights'
import { extensionOf, isMediaName } from './kind'
import type { Links } from './links'
import { createPassOn } from './pass-on'
import type { Publication, Published, Shown } from './published'
import { createTakingIn, type TakenIn } from './taking-in'
import { createViews, type MediaView } from './view'

interface MediaCacheParts extends FlightsParts {
  readonly links: Links
}

/** Whose something is that is here already. */
interface Keeping {
  readonly keyId: string
  /** The account that made it; left out for what a client brought. */
  readonly accountId?: string
  /** The model that made it; left out likewise. */
  readonly model?: string
  /** The most bytes that it may have, if not as many as any that is kept. */
  readonly mostBytes?: number
}

/** What is not known of something when its row is written. */
const UNKNOWN = {
  ...{ accountId: null, source: null, sourceHash: null, mime: null, bytes: null, hash: null },
  ...{ fetcher: null, fetchUntil: null },
}

/** What was asked for within so long is noted together. */
const NOTE_AFTER_MS = 250

/**
 * Keeps what upstreams have made, under addresses of ours. A row of the index comes first, then the
 * address, then the bytes: fetched once, with the account that made them.
 */
export function createMediaCache(parts: MediaCacheParts) {
  const { index, objects, settings, now, newId, later, reach, links, log } = parts
  const flights = createFlights(parts)
  const passOn = createPassOn(parts)
  const views = createViews({ index, objects, flights, passOn, reach })
  const takeIn = createTakingIn({ objects, reach, hasher: parts.hasher, newName: newId })
  const obtain = async (row: MediaRow) => (await views.view(row)).settled()
  const ahead = createAhead({ ...parts, obtain })
  const asked = new Set<string>()

  async function open(name: string): Promise<MediaView> {
    if (!isMediaName(name)) throw notThere(name)
    const known = flights.known(name)
    if (known) return views.during(known)
    const row = await reach(index.find(name))
    if (!row) throw notThere(name)
    if (row.usedAt < hourOf(now())) note(name)
    return views.view(row)
  }

  /** Remember when it was used, which is how it is known what can go. */
  function note(name: string): void {
    asked.add(name)
    if (asked.size > 1) return
    const write = async () => {
      await sleep(NOTE_AFTER_MS)
      const names = [...asked]
      asked.clear()
      await index.touch(names, now()).catch(() => {})
    }
    later(write())
  }

  /**
   * Give an address of ours to what is at an upstream. It is fetched soon.
   *
   * @throws ApiError when nothing can be written now
   */
  async function publish(publication: Publication): Promise<Published> {
    const { accountId, keyId, model, url, sort, origin } = publication
    const at = now()
    const row = await reach(
      index.publish({
        ...UNKNOWN,
        name: `${newId()}.${extensionOf(sort, url)}`,
        ...{ sort, accountId, keyId, model, source: url },
        sourceHash: await sha256(`${accountId}\n${url}`),
        ...{ createdAt: at, usedAt: at },
      }),
    )
    if (!isKept(row)) ahead.soon(row)
    return { name: row.name, url: await links.linkOf(origin, row.name, row.sort) }
  }

  /**
   * All bytes of a picture or a video.
   *
   * @throws ApiError when they are not to be had, or more than `most`
   */
  async function download(name: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
    const view = await (await open(name)).settled()
    if ((view.bytes ?? 0) > most) throw tooMuch(most)
    return readAll(most)(await view.read(0))
  }

  return {
    publish,

    async show(publication: Publication): Promise<Shown> {
      const { accountId, url } = publication
      try {
        const published = await publish(publication)
        return { url: published.url, bytes: (most) => download(published.name, most) }
      } catch (cause) {
        log.warn('media_not_published', faultFields(cause))
        const load = (most: number) => passOn({ accountId, url }, 0, undefined).then(readAll(most))
        return { url, bytes: load }
      }
    },

    /**
     * Keep what is here already.
     *
     * @throws ApiError when it is no picture or video, too large, or nothing can be written now
     */
    async keep(
      source: Uint8Array | ReadableStream<Uint8Array>,
      { keyId, accountId, model, mostBytes }: Keeping,
    ): Promise<TakenIn> {
      const most = Math.min(
        mostBytes ?? Number.POSITIVE_INFINITY,
        settings().media_object_max_mb * MEGABYTE,
      )
      const taken = await takeIn(source, most)
      const { name, sort, mime, bytes, hash } = taken
      const at = now()
      await reach(
        index.publish({
          ...UNKNOWN,
          ...{ name, sort, mime, bytes, hash, keyId },
          ...{ accountId: accountId ?? null, model: model ?? null },
          ...{ createdAt: at, usedAt: at },
        }),
      )
      parts.onStored(bytes)
      return taken
    },

    /**
     * Open a picture or a video by its name, fetching it where it is not here yet.
     *
     * @throws ApiError when there is none of that name, or its bytes are not to be had
     */
    open,

    download,

    /** Look from time to time for what was published lately and is not fetched. */
    lookAhead: ahead.look,

    linkOf: links.linkOf,
  }
}

export type MediaCache = ReturnType<typeof createMediaCache>

const readAll =
  (most: number) =>
  async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> => {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of stream) {
      size += piece.length
      if (size > most) throw tooMuch(most)
      pieces.push(piece)
    }
    return concatBytes(pieces)
  }

const tooMuch = (most: number): ApiError => unavailable(`It has more than ${most} bytes.`)
