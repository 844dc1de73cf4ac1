import type { Completions, CompletionsAsk, StoredCompletion } from '../store/completions'
import type { Page, PageAsk } from '../store/said-page'
import { exceeds, type ResponseWriting } from './draft'
import { drafted, hashed, weightOf } from './items'
import type { Metadata } from './metadata'
import { mayCome, patiently } from './patience'
import type { Reach } from './reach'
import type { WriteQueue } from './write-queue'

interface CompletionsParts {
  readonly store: Completions
  readonly queue: WriteQueue<ResponseWriting>
  readonly digest: (text: string) => string | Promise<string>
  readonly reach: Reach
  readonly now: () => number
  readonly keptMs: () => number
  readonly mostBytes: () => number
  readonly onTooLarge: (id: string, size: number) => void
}

/** What was removed before these is looked for like any other. */
const MOST_REMOVED = 1_000

/** A completion that its client asked to store. */
export interface SaidCompletion {
  readonly keyId: string
  /** As the client gets it. */
  readonly completion: Readonly<Record<string, unknown>> & {
    readonly id: string
    readonly model: string
  }
  /** The messages that it answers. */
  readonly messages: readonly Readonly<Record<string, unknown>>[]
  readonly metadata: Metadata
}

/** Stored chat completions. */
export function createSaidCompletions(parts: CompletionsParts) {
  const { store, queue, digest, reach, now, keptMs, mostBytes, onTooLarge } = parts

  /** No two were made at once: a list has them in the order that they were made in. */
  let latest = 0

  const listOf = (keyId: string) => `completions of ${keyId}`
  /** Those that were removed here lately: nobody is about to write them. */
  const removed = new Set<string>()

  /** Another instance may be about to write it. */
  async function find<T>(id: string, search: () => Promise<T | undefined>): Promise<T | undefined> {
    await queue.settled(id)
    const found = await search()
    if (found !== undefined || removed.has(id) || !mayCome(id, now())) return found
    // Once more, as it may have come in between.
    if (await reach(store.isKnown(id))) return search()
    return patiently(found, (later) => later !== undefined, search)
  }

  function noteRemoved(id: string): void {
    removed.add(id)
    const [oldest] = removed
    if (removed.size > MOST_REMOVED && oldest !== undefined) removed.delete(oldest)
  }

  return {
    /** Store it, behind its answer. */
    save({ keyId, completion, messages, metadata }: SaidCompletion): void {
      const { id, model } = completion
      const drafts = [
        ...messages.map((message, at) => drafted('input', { ...message, id: `${id}-${at}` })),
        drafted('output', completion),
      ]
      const size = weightOf(drafts)
      const texts = drafts.map(({ body }) => body)
      if (exceeds(mostBytes(), size, texts)) {
        onTooLarge(id, size)
        return
      }
      latest = Math.max(now(), latest + 1)
      const createdAt = latest
      const expiresAt = now() + keptMs()
      queue.push({
        owners: [id, listOf(keyId)],
        size,
        whole: undefined,
        async statements() {
          const items = await hashed(drafts, keyId, digest)
          return store.insertion({ id, keyId, model, metadata, createdAt, expiresAt, items })
        },
      })
    },

    get: (keyId: string, id: string): Promise<StoredCompletion | undefined> =>
      find(id, () => reach(store.get(keyId, id, now()))),

    async list(keyId: string, ask: CompletionsAsk): Promise<Page<StoredCompletion>> {
      await queue.settled(listOf(keyId))
      return reach(store.list(keyId, ask, now()))
    },

    /** The messages that it answers, each with an id. */
    messages: (keyId: string, id: string, ask: PageAsk): Promise<Page | undefined> =>
      find(id, () => reach(store.messages([keyId, id, now()], ask))),

    update: (
      keyId: string,
      id: string,
      metadata: Metadata,
    ): Promise<StoredCompletion | undefined> =>
      find(id, () => reach(store.update([keyId, id, now()], metadata))),

    /** Says whether it was there. */
    async remove(keyId: string, id: string): Promise<boolean> {
      const remove = async () => (await reach(store.remove(keyId, id, now()))) || undefined
      const isRemoved = (await find(id, remove)) === true
      if (isRemoved) noteRemoved(id)
      return isRemoved
    },
  }
}
