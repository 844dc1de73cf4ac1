import { hashText } from '../pool/ring'

const MARK = /^groxy\.([0-9a-f]{8})\.(.*)$/s

const tagOf = (accountId: string): string => hashText(accountId).toString(16).padStart(8, '0')

/** What an account's upstream encrypted, with word of whose it is: no other account can read it. */
export const markThought = (accountId: string, encrypted: string): string =>
  `groxy.${tagOf(accountId)}.${encrypted}`

/** What is to be sent back to an account; undefined when another account's upstream wrote it. */
export function unmarkThought(accountId: string, marked: string): string | undefined {
  const found = MARK.exec(marked)
  if (!found) return marked
  return found[1] === tagOf(accountId) ? found[2] : undefined
}
