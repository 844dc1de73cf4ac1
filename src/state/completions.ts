import type { Completions, CompletionsAsk, StoredCompletion } from '../store/completions'
import type { Page, PageAsk } from '../store/said-page'
import { exceeds, type ResponseWriting } from './draft'
import { drafted, hashed, weightOf } from './items'
import type { Metadata } from './metadata'
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

    async get(keyId: string, id: string): Promise<StoredCompletion | undefined> {
      await queue.settled(id)
      return reach(store.get(keyId, id, now()))
    },

    async list(keyId: string, ask: CompletionsAsk): Promise<Page<StoredCompletion>> {
      await queue.settled(listOf(keyId))
      return reach(store.list(keyId, ask, now()))
    },

    /** The messages that it answers, each with an id. */
    async messages(keyId: string, id: string, ask: PageAsk): Promise<Page | undefined> {
      await queue.settled(id)
      return reach(store.messages([keyId, id, now()], ask))
    },

    async update(
      keyId: string,
      id: string,
      metadata: Metadata,
    ): Promise<StoredCompletion | undefined> {
      await queue.settled(id)
      return reach(store.update([keyId, id, now()], metadata))
    },

    /** Says whether it was there. */
    async remove(keyId: string, id: string): Promise<boolean> {
      await queue.settled(id)
      return reach(store.remove(keyId, id, now()))
    },
  }
}
