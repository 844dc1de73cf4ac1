import type { Conversation, Conversations } from '../store/conversations'
import type { Page, PageAsk } from '../store/said-page'
import type { Item } from '../turn/responses/schema'
import { exceeds, type ResponseWriting } from './draft'
import { drafted, hashed, named, type SaidItem, weightOf } from './items'
import type { Metadata } from './metadata'
import type { Reach } from './reach'
import type { WriteQueue } from './write-queue'

interface ConversationsParts {
  readonly store: Conversations
  readonly queue: WriteQueue<ResponseWriting>
  readonly digest: (text: string) => string | Promise<string>
  readonly reach: Reach
  readonly newId: () => string
  readonly now: () => number
  readonly keptMs: () => number
  readonly mostBytes: () => number
  readonly onTooLarge: (id: string, size: number) => void
}

/** Conversations: what turns in them have added is written before anything is read. */
export function createSaidConversations(parts: ConversationsParts) {
  const { store, queue, digest, reach, newId, now, keptMs, mostBytes, onTooLarge } = parts

  const nameOf = (keyId: string, id: string) => ({ keyId, id, usedSince: now() - keptMs() })

  const draftsOf = (said: readonly SaidItem[]) => said.map((item) => drafted('input', item))

  async function prepare(keyId: string, items: readonly Item[]) {
    const said = items.map((item) => named(item, newId))
    return { said, rows: await hashed(draftsOf(said), keyId, digest) }
  }

  return {
    /** @param items what it begins with */
    async create(keyId: string, metadata: Metadata, items: readonly Item[]): Promise<Conversation> {
      const made = { id: `conv_${newId()}`, metadata, createdAt: now() }
      const { rows } = await prepare(keyId, items)
      await reach(store.create(keyId, made, rows))
      return made
    },

    get: (keyId: string, id: string): Promise<Conversation | undefined> =>
      reach(store.get(nameOf(keyId, id))),

    update: (keyId: string, id: string, metadata: Metadata): Promise<Conversation | undefined> =>
      reach(store.update(nameOf(keyId, id), metadata, now())),

    /** With its items. Says whether it was there. */
    async remove(keyId: string, id: string): Promise<boolean> {
      await queue.settled(id)
      return reach(store.remove(nameOf(keyId, id)))
    },

    /** All of its items, oldest first, and the `end` that a turn in it is stored with. */
    async context(
      keyId: string,
      id: string,
    ): Promise<{ readonly items: readonly SaidItem[]; readonly end: number } | undefined> {
      await queue.settled(id)
      return reach(store.context(nameOf(keyId, id)))
    },

    async items(keyId: string, id: string, ask: PageAsk): Promise<Page | undefined> {
      await queue.settled(id)
      return reach(store.items(nameOf(keyId, id), ask))
    },

    /** Add items; gives them with the ids that they have got. */
    async add(
      keyId: string,
      id: string,
      items: readonly Item[],
    ): Promise<readonly SaidItem[] | undefined> {
      await queue.settled(id)
      const { said, rows } = await prepare(keyId, items)
      return (await reach(store.add(nameOf(keyId, id), rows, now()))) ? said : undefined
    },

    /** Add what was asked and answered in a turn that is not stored itself, behind its answer. */
    append(keyId: string, id: string, items: readonly Item[]): void {
      const drafts = draftsOf(items.map((item) => named(item, newId)))
      const size = weightOf(drafts)
      const texts = drafts.map(({ body }) => body)
      if (exceeds(mostBytes(), size, texts)) {
        onTooLarge(id, size)
        return
      }
      queue.push({
        owners: [id],
        size,
        whole: undefined,
        async statements() {
          return store.addition(nameOf(keyId, id), await hashed(drafts, keyId, digest), now())
        },
      })
    },

    async item(keyId: string, id: string, itemId: string): Promise<SaidItem | undefined> {
      await queue.settled(id)
      return reach(store.item(nameOf(keyId, id), itemId))
    },

    /** Gives the conversation that the item was removed from, if it was there. */
    async removeItem(keyId: string, id: string, itemId: string): Promise<Conversation | undefined> {
      await queue.settled(id)
      return reach(store.removeItem(nameOf(keyId, id), itemId, now()))
    },
  }
}
