import type { Charge, Kind } from './account'
import { admits } from './host'
import type { Member, Shelf } from './member'
import { hasLeft, isBarred } from './select'

/** How many accounts of a kind serve a model, and how many of them could take a turn now. */
export interface Serving {
  readonly kind: Kind
  readonly accounts: number
  readonly ready: number
}

/** Models of a shelf whose turns take the same of the same quota, or one that takes of its own. */
interface Alike {
  readonly charge: Charge | undefined
  readonly models: string[]
  ready: number
}

/**
 * Who serves models, by kind. Looks at each account once for all models whose turns take the same: a
 * page must not keep turns waiting while it counts tens of thousands.
 */
export function survey(
  models: readonly string[],
  serversOf: (model: string) => readonly Shelf[],
  at: number,
): ReadonlyMap<string, readonly Serving[]> {
  const servers = new Map(models.map((model) => [model, serversOf(model)]))
  const wanted = new Map<Shelf, string[]>()
  for (const [model, shelves] of servers)
    for (const shelf of shelves) {
      const known = wanted.get(shelf)
      if (known) known.push(model)
      else wanted.set(shelf, [model])
    }
  const ready = new Map([...wanted].map(([shelf, some]) => [shelf, readyFor(shelf, some, at)]))
  return new Map(
    [...servers].map(([model, shelves]) => {
      const sums = new Map<Kind, { accounts: number; ready: number }>()
      for (const shelf of shelves) {
        const sum = sums.get(shelf.kind) ?? { accounts: 0, ready: 0 }
        sums.set(shelf.kind, sum)
        sum.accounts += shelf.members.length
        sum.ready += ready.get(shelf)?.get(model) ?? 0
      }
      return [model, [...sums].map(([kind, sum]) => ({ kind, ...sum }))]
    }),
  )
}

function readyFor(
  shelf: Shelf,
  models: readonly string[],
  at: number,
): ReadonlyMap<string, number> {
  const counts = new Map(models.map((model) => [model, 0]))
  if (!admits(shelf.host, at)) return counts
  const groups = groupsOf(shelf, models)
  let free = 0
  for (const member of shelf.ready) {
    if (!member.quotas && !member.scoped) free++
    else for (const group of groups) look(member, group, counts, at)
  }
  for (const group of groups)
    for (const model of group.models)
      counts.set(model, free + group.ready + (counts.get(model) ?? 0))
  return counts
}

function groupsOf({ offers }: Shelf, models: readonly string[]): readonly Alike[] {
  const groups = new Map<string, Alike>()
  for (const model of models) {
    const charge = offers?.charges.get(model)
    const name = charge ? `${charge.cost} ${charge.bucket}` : `model ${model}`
    const known = groups.get(name)
    if (known) known.models.push(model)
    else groups.set(name, { charge, models: [model], ready: 0 })
  }
  return [...groups.values()]
}

function look(member: Member, group: Alike, counts: Map<string, number>, at: number): void {
  const { charge, models } = group
  const [first = ''] = models
  if (member.quotas && !hasLeft(member, { model: first, tokens: 0 }, charge, at)) return
  if (!member.scoped) {
    group.ready++
    return
  }
  if (charge && isBarred(member, charge.bucket, at)) return
  for (const model of models)
    if (!isBarred(member, model, at)) counts.set(model, (counts.get(model) ?? 0) + 1)
}
