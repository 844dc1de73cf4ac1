import type { MediaRow, MediaRows } from '../store/media'
import { unavailable } from './flight'
import { type Approach, type Flights, isKept, type KeptRow, type Standing } from './flights'
import type { ObjectStore } from './object-store'
import type { PassOn } from './pass-on'

/** A picture or a video, ready to be read. */
export interface MediaView {
  readonly name: string
  readonly sort: 'image' | 'video'
  readonly mime: string
  /** How many bytes it has; undefined for as long as nobody knows. */
  readonly bytes: number | undefined
  /** SHA-256 of its bytes; undefined until all are here. */
  readonly hash: string | undefined
  /** In milliseconds since 1970. */
  readonly createdAt: number
  /**
   * Read it from a byte on, to its end or up to another byte, as fast as the reader takes it.
   *
   * @throws ApiError when its bytes are not to be had
   */
  read(from: number, to?: number): Promise<ReadableStream<Uint8Array>>
  /** The same as a file, where a platform can send one by itself; undefined where it cannot. */
  file(from: number, to: number): Promise<Blob | undefined>
  /** The same when all that can be known of it is known. */
  settled(): Promise<MediaView>
}

interface ViewParts {
  readonly index: MediaRows
  readonly objects: ObjectStore
  readonly flights: Flights
  readonly passOn: PassOn
  readonly reach: <T>(question: Promise<T>) => Promise<T>
}

/** Shows media as they are: kept, on their way, or handed through. */
export function createViews({ index, objects, flights, passOn, reach }: ViewParts) {
  const shared = ({ name, sort, createdAt }: MediaRow) => ({ name, sort, createdAt })
  const noFile = async () => undefined

  /** Somebody has removed the bytes and left the row. */
  async function again(row: KeptRow): Promise<KeptRow> {
    const { name, hash } = row
    await reach(index.lost(name, hash))
    const found = await reach(index.find(name))
    if (!found) throw unavailable('It was removed.')
    const { last } = flights.approach(found)
    const standing = await last
    if (standing.is === 'kept' && standing.row.hash === hash) return standing.row
    throw unavailable('Its upstream has something else there by now: ask again.')
  }

  function kept(row: KeptRow): MediaView {
    const { name, mime, bytes, hash } = row
    const view: MediaView = {
      ...shared(row),
      ...{ mime, bytes, hash },
      file: async (from, to) => objects.file?.(name, from, to),
      async read(from, to = bytes) {
        const there = await reach(objects.open(name, from, to))
        if (there) return there
        await again(row)
        const found = await reach(objects.open(name, from, to))
        if (found) return found
        throw unavailable('Its bytes are lost.')
      },
      settled: async () => view,
    }
    return view
  }

  function show(standing: Standing, { last }: Pick<Approach, 'last'>): MediaView {
    if (standing.is === 'kept') return kept(standing.row)
    const { row } = standing
    if (standing.is === 'passing') {
      const { mime, bytes, origin } = standing
      const view: MediaView = {
        ...shared(row),
        ...{ mime, bytes, hash: undefined, file: noFile },
        read: (from, to) => passOn(origin, from, to),
        settled: async () => view,
      }
      return view
    }
    const { mime, bytes, follow } = standing.arrival
    const settled = async () => show(await last, { last })
    return {
      ...shared(row),
      ...{ mime, bytes, hash: undefined, file: noFile, settled },
      async read(from, to) {
        return follow ? follow(from, to) : (await settled()).read(from, to)
      },
    }
  }

  /** See something that is on its way. */
  async function during(approach: Approach): Promise<MediaView> {
    return show(await approach.first, approach)
  }

  return {
    /** See something by its row. */
    async view(row: MediaRow): Promise<MediaView> {
      if (isKept(row)) return kept(row)
      return during(flights.approach(row))
    },

    during,
  }
}
