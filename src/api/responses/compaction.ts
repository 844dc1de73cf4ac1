import type { Vault } from '../../crypto'
import { ApiError } from '../../errors'
import { inputText } from '../../turn/responses/input'
import type { Item } from '../../turn/responses/schema'

/** How the items that we made ourselves are told from those of an upstream. */
const MARK = 'groxy-compaction.'

/** What the model is asked for when a conversation is to be made shorter. */
export const COMPACTION_INSTRUCTIONS = `You hand over a long conversation to another model, which will see nothing of it but the user's messages and your summary.
Write down all that it needs to go on without a gap: what the user wants, what was decided and why, what was found out, names, numbers, paths and code that matter, what tools gave, what is done, and what is still to do.
Write in the language of the conversation. Say nothing else.`

/** Makes and opens the items that stand for a conversation that was summed up. */
export function createCompaction(vault: Vault) {
  async function open(item: Item): Promise<Item> {
    const { encrypted_content: sealed, id = null } = item
    if (item.type !== 'compaction' || typeof sealed !== 'string' || !sealed.startsWith(MARK))
      return item
    const text = `What was said before, summed up:\n\n${await unseal(sealed, id)}`
    return { type: 'message', role: 'developer', id, content: [inputText(text)] }
  }

  async function unseal(sealed: string, id: unknown): Promise<string> {
    try {
      return await vault.open(sealed.slice(MARK.length))
    } catch {
      // The cause is for operators, and would tell them that their database has another secret.
      throw new ApiError(
        'invalid_value',
        `The compaction '${String(id).slice(0, 100)}' cannot be read: it was changed, or another gateway made it.`,
        { param: 'input' },
      )
    }
  }

  return {
    /** The same items, in which a model can read what was summed up. */
    opened: (items: readonly Item[]): Promise<readonly Item[]> | readonly Item[] =>
      items.some(({ type }) => type === 'compaction') ? Promise.all(items.map(open)) : items,

    /** An item that stands for what a summary tells. */
    seal: async (summary: string, id: string): Promise<Item> => ({
      type: 'compaction',
      id,
      encrypted_content: MARK + (await vault.seal(summary)),
    }),
  }
}

export type Compaction = ReturnType<typeof createCompaction>
