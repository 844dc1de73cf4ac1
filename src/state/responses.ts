import type { Context, Responses, StoredResponse } from '../store/responses'
import { TERMS } from '../store/responses'
import type { Page, PageAsk } from '../store/said-page'
import type { ResponseDraft, ResponseWriting } from './draft'
import { readDraft, type SaidItem } from './items'
import { mayCome, patiently } from './patience'
import type { Reach } from './reach'
import type { WriteQueue } from './write-queue'

interface ResponsesParts {
  readonly store: Responses
  readonly queue: WriteQueue<ResponseWriting>
  readonly reach: Reach
  readonly now: () => number
  readonly keptMs: () => number
}

/** Finds what was said, also where it is not written yet. */
export function createSaidResponses({ store, queue, reach, now, keptMs }: ResponsesParts) {
  const draftOf = (keyId: string, id: string): ResponseDraft | undefined =>
    queue.about(id).findLast(({ whole }) => whole?.id === id && whole.keyId === keyId)?.whole

  /** Another instance may be about to write it, unless it is there and was deleted, or has expired. */
  async function find<T>(id: string, search: () => Promise<T | undefined>): Promise<T | undefined> {
    const found = await search()
    if (found !== undefined || !mayCome(id, now())) return found
    // Once more, as it may have come in between.
    if (await reach(store.isKnown(id))) return search()
    return patiently(found, isThere, search)
  }

  async function look(keyId: string, id: string): Promise<Context | undefined> {
    const drafts: ResponseDraft[] = []
    let next: string | null = id
    while (next !== null) {
      const draft = draftOf(keyId, next)
      if (!draft) break
      if (draft.conversation) {
        await queue.settled(next)
        break
      }
      drafts.unshift(draft)
      next = draft.previousId
    }
    // Of those that are gone on from it does not matter whether they have expired.
    const livingAt = drafts.length > 0 ? 0 : now()
    const before = next === null ? undefined : await reach(store.context(keyId, next, livingAt))
    if (next !== null && !before) return
    const newest = drafts.at(-1) ?? before
    if (!newest) return
    return {
      items: [...(before?.items ?? []), ...drafts.flatMap(({ drafts }) => itemsOf(drafts))],
      affinity: newest.affinity,
      status: newest.status,
    }
  }

  return {
    /**
     * What was said up to a response and in it, oldest first. Undefined when it is not there, or a part
     * of it is not.
     */
    context: (keyId: string, id: string): Promise<Context | undefined> =>
      find(id, () => look(keyId, id)),

    /** The same of a response to go on from: one that is just coming to its end is waited for. */
    async previous(keyId: string, id: string): Promise<Context | undefined> {
      const search = () => look(keyId, id)
      return patiently(
        await find(id, search),
        (found) => found === undefined || isOver(found),
        search,
      )
    },

    async get(keyId: string, id: string): Promise<StoredResponse | undefined> {
      const draft = draftOf(keyId, id)
      if (!draft) {
        if (queue.about(id).length > 0) await queue.settled(id)
        return find(id, () => reach(store.get(keyId, id, now())))
      }
      const terms = draft.drafts.find(({ side }) => side === 'terms')
      const { id: _, ...common } = terms ? readDraft(terms) : { id: TERMS }
      return {
        status: draft.status,
        body: { ...JSON.parse(draft.body), ...common },
        output: itemsOf(draft.drafts.filter(({ side }) => side === 'output')),
        tape: draft.tape,
      }
    },

    /** A page of what it was an answer to: its context, then its own input. */
    async inputItems(keyId: string, id: string, ask: PageAsk): Promise<Page | undefined> {
      await queue.settled(id)
      return find(id, () => reach(store.inputItems([keyId, id, now()], ask)))
    },

    /** Items of a key by their ids, as far as they are found; the latest of those that share one. */
    async references(
      keyId: string,
      ids: readonly string[],
    ): Promise<ReadonlyMap<string, SaidItem>> {
      const search = () => known(keyId, ids)
      const at = now()
      const isWhole = (found: ReadonlyMap<string, SaidItem>) =>
        !ids.some((id) => !found.has(id) && mayCome(id, at))
      return patiently(await search(), isWhole, search)
    },

    /** Empty it, and stop it if it is a background turn. Says whether it was there. */
    async remove(keyId: string, id: string): Promise<boolean> {
      await queue.settled(id)
      const remove = async () => (await reach(store.remove(keyId, id, now()))) || undefined
      return (await find(id, remove)) === true
    },
  }

  async function known(
    keyId: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, SaidItem>> {
    const wanted = new Set(ids)
    const found = new Map<string, SaidItem>()
    for (const { whole } of queue.all())
      if (whole?.keyId === keyId)
        for (const draft of whole.drafts)
          if (wanted.has(draft.id) && isSaid(draft)) found.set(draft.id, readDraft(draft))
    const missing = ids.filter((id) => !found.has(id))
    if (missing.length === 0) return found
    const times = { now: now(), usedSince: now() - keptMs() }
    const stored = await reach(store.references(keyId, missing, times))
    return new Map([...(stored as ReadonlyMap<string, SaidItem>), ...found])
  }
}

const isThere = (found: unknown): boolean => found !== undefined

const isOver = ({ status }: Context): boolean => status !== 'queued' && status !== 'in_progress'

const isSaid = ({ side }: { readonly side: string }): boolean =>
  side === 'input' || side === 'output'

const itemsOf = (drafts: ResponseDraft['drafts']): SaidItem[] =>
  drafts.filter(isSaid).map(readDraft)
