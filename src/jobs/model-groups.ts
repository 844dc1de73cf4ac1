import type { Account } from '../pool/account'
import type { UpstreamModel } from '../store/model-lists'

/** Of the accounts of one upstream so many are asked within the time that a list stays fresh. */
export const ASKED_EACH_TIME = 20

type List = readonly UpstreamModel[]

/** An account with what is known of its models. */
export interface Listed {
  account: Account
  /** When it is to be asked, in milliseconds since 1970. */
  dueAt: number
  /** What its upstream said to it, as the group keeps it. */
  own: List | undefined
  /** What the catalog was told. */
  told: List | undefined
}

/** Accounts of one kind and address. */
export interface Group {
  readonly members: Map<string, Listed>
  /** Lists that are the same are kept once, by their text. */
  readonly lists: Map<string, { readonly list: List; accounts: number }>
}

/** What belongs together: accounts that reach the same upstream. */
export const groupName = ({ kind, baseUrl }: Account): string => `${kind} ${baseUrl}`

/** By how much the accounts of a large group are asked more seldom. */
export const slowness = ({ members }: Group): number => Math.max(1, members.size / ASKED_EACH_TIME)

/** Whether accounts are taken to offer what most of their upstream's accounts offer, until asked. */
export const isLarge = ({ members }: Group): boolean => members.size > ASKED_EACH_TIME

/** Keep what an account's upstream said; says whether it is news of the group. */
export function keepList(group: Group, listed: Listed, models: List): boolean {
  const text = JSON.stringify(models)
  const kept = group.lists.get(text)
  if (kept && kept.list === listed.own) return false
  dropList(group, listed)
  const entry = group.lists.get(text) ?? { list: models, accounts: 0 }
  entry.accounts++
  group.lists.set(text, entry)
  listed.own = entry.list
  return kept === undefined
}

/** Forget what an account's upstream said. */
export function dropList({ lists }: Group, listed: Listed): void {
  if (!listed.own) return
  for (const [text, entry] of lists)
    if (entry.list === listed.own && --entry.accounts === 0) lists.delete(text)
  listed.own = undefined
}

/** The list that most accounts of a group have. */
export function commonList({ lists }: Group): List | undefined {
  let best: { readonly list: List; readonly accounts: number } | undefined
  for (const entry of lists.values()) if (!best || entry.accounts > best.accounts) best = entry
  return best?.list
}
