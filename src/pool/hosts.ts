import { admits } from './host'
import type { Host, Member } from './member'

/** An upstream address, and how it does. */
export interface HostHealth {
  readonly url: string
  readonly kinds: readonly string[]
  readonly accounts: number
  readonly isReachable: boolean
  /** Since when nobody is sent there, and until when; in milliseconds since 1970. */
  readonly downSince: number | undefined
  readonly downUntil: number | undefined
  /** What last went wrong there. */
  readonly fault: Host['fault']
  /** When it last answered at all, be it that it refused. */
  readonly answeredAt: number | undefined
  /** An account to ask there, one that rests only where all do. */
  readonly member: Member
}

/** How every address does that accounts of the pool live at; the demo account lives nowhere. */
export function hostHealth(members: Iterable<Member>, at: number): readonly HostHealth[] {
  const found = new Map<string, { kinds: Set<string>; accounts: number; member: Member }>()
  for (const member of members) {
    const { baseUrl, kind } = member.account
    if (kind === 'demo') continue
    const known = found.get(baseUrl)
    if (!known) {
      found.set(baseUrl, { kinds: new Set([kind]), accounts: 1, member })
      continue
    }
    known.kinds.add(kind)
    known.accounts++
    if (isResting(known.member, at) && !isResting(member, at)) known.member = member
  }
  return [...found].map(([url, { kinds, accounts, member }]) => {
    const host = member.shelf?.host
    return {
      url,
      kinds: [...kinds],
      accounts,
      isReachable: host === undefined || admits(host, at),
      downSince: host?.downSince || undefined,
      downUntil: host?.openUntil || undefined,
      fault: host?.fault,
      answeredAt: host?.answeredAt || undefined,
      member,
    }
  })
}

const isResting = ({ rest, shelf }: Member, at: number): boolean =>
  shelf === undefined || (rest !== undefined && rest.until > at)
