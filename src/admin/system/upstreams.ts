import { UpstreamFault } from '../../errors'
import { inquire } from '../../jobs/inquiry'
import { inParallel } from '../../parallel'
import { type HostHealth, hostHealth } from '../../pool/hosts'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'

/** What an upstream said when it was asked just now. */
export interface Look {
  readonly url: string
  readonly isReachable: boolean
  /** Its words, where it did not answer well. */
  readonly said: string | undefined
  readonly tookMs: number
}

/** Hosts that are asked side by side. */
const PARALLEL = 8

/** How the upstreams do, as turns have seen it, and as they answer when they are asked. */
export function createUpstreamHealth({ pool, upstreams, now, audit }: AdminParts) {
  const list = (): readonly HostHealth[] => hostHealth(pool.members(), now())

  async function ask({ url, member }: HostHealth, signal: AbortSignal): Promise<Look> {
    const { account } = member
    const begun = now()
    const found = await inquire(signal, (abort) =>
      upstreams[account.kind].check(account, abort),
    ).then(
      () => ({ isReachable: true, said: undefined }),
      (cause: unknown) => ({ isReachable: isThere(cause), said: wordsOf(cause) }),
    )
    if (found.isReachable) pool.answered({ member })
    return { url, ...found, tookMs: now() - begun }
  }

  return {
    list,

    /** Ask each host once, by one of its accounts and what costs nothing; who is there is used again. */
    async look(operator: Operator, signal: AbortSignal): Promise<readonly Look[]> {
      const looks: Look[] = []
      await inParallel(
        list(),
        PARALLEL,
        async (host) => {
          looks.push(await ask(host, signal))
        },
        signal,
      )
      await audit(operator, { action: 'upstreams.look', subject: `${looks.length} upstreams` })
      return looks
    },
  }
}

/** Whoever refuses is there, unless it is for a fault of its own. */
const isThere = (cause: unknown): boolean =>
  cause instanceof UpstreamFault && cause.kind === 'refused' && (cause.details.status ?? 500) < 500

const wordsOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : 'It did not answer.'
