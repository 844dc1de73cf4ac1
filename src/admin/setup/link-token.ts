import { randomToken, sameText, type Vault } from '../../crypto'
import type { SettingsStore } from '../../store/settings'

interface LinkTokenParts {
  readonly settings: Pick<SettingsStore, 'mark' | 'markOnce' | 'setMark'>
  readonly vault: Vault
}

/** The mark under which it is stored, sealed. */
const MARK = 'setup_link'
/** What it begins with when it is opened: nothing else that is sealed can be taken for one. */
const PURPOSE = 'set-up link'

/**
 * The secret of the set-up link, one for all instances: whichever prints the link, and whichever is asked by
 * it. It is good until a password is set.
 */
export function createLinkToken({ settings, vault }: LinkTokenParts) {
  async function current(): Promise<string | undefined> {
    const sealed = await settings.mark(MARK)
    if (typeof sealed !== 'string' || sealed === '') return undefined
    const [purpose, token] = (await vault.open(sealed)).split(': ')
    return purpose === PURPOSE ? token : undefined
  }

  return {
    /** The one that holds, or a new one. */
    async offer(): Promise<string> {
      const known = await current()
      if (known !== undefined) return known
      const token = randomToken(24)
      const sealed = await vault.seal(`${PURPOSE}: ${token}`)
      if (await settings.markOnce(MARK, sealed)) return token
      // Another instance was first, or the last one is used up.
      const other = await current()
      if (other !== undefined) return other
      await settings.setMark(MARK, sealed)
      return token
    },

    async isGood(given: string): Promise<boolean> {
      const token = await current()
      return token !== undefined && sameText(given, token)
    },

    /** It is used up. */
    end: (): Promise<void> => settings.setMark(MARK, ''),
  }
}

export type LinkToken = ReturnType<typeof createLinkToken>
