import type { Member, Shelf } from './member'

/** Put a member on a shelf, or on another one than before; undefined takes it away. */
export function shelve(member: Member, shelf: Shelf | undefined, at: number): void {
  if (member.shelf === shelf) return
  const { shelf: old } = member
  if (old) {
    setReady(member, false)
    removeAt(old.members, member.place, (moved, index) => {
      moved.place = index
    })
    member.place = -1
    old.inFlight -= member.inFlight
    old.host.accounts--
    old.host.failed.delete(member)
    old.ring = undefined
  }
  member.shelf = shelf
  if (!shelf) return
  member.place = shelf.members.push(member) - 1
  shelf.inFlight += member.inFlight
  shelf.host.accounts++
  shelf.ring = undefined
  look(member, at)
}

/** See whether the member could take a turn now, after anything about it changed. */
export function look(member: Member, at: number): void {
  setReady(member, canTakeTurn(member, at))
}

function canTakeTurn({ shelf, rest, inFlight, account }: Member, at: number): boolean {
  if (!shelf || inFlight >= account.maxInFlight) return false
  if (!rest) return true
  // After faults a single turn tries it out; the others follow when that one went well.
  return rest.until <= at && (rest.faults === 0 || inFlight === 0)
}

function setReady(member: Member, isReady: boolean) {
  if (member.slot >= 0 === isReady || !member.shelf) return
  const { ready } = member.shelf
  if (isReady) member.slot = ready.push(member) - 1
  else {
    removeAt(ready, member.slot, (moved, index) => {
      moved.slot = index
    })
    member.slot = -1
  }
}

/** Fill the gap with the last one: order means nothing here. */
function removeAt<T>(list: T[], index: number, onMove: (moved: T, index: number) => void) {
  const last = list.pop()
  if (last === undefined || index === list.length) return
  list[index] = last
  onMove(last, index)
}
