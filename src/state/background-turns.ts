import type { BackgroundTurns } from '../store/background-turns'
import type { Lease } from '../store/lease'
import type { NewResponse } from '../store/responses'
import type { ResponseDraft, ResponseWriting, SaidTurn } from './draft'
import { writingOf } from './draft'
import { hashed } from './items'
import type { Reach } from './reach'
import type { WriteQueue } from './write-queue'

interface BackgroundParts {
  readonly store: BackgroundTurns
  readonly queue: WriteQueue<ResponseWriting>
  readonly draft: (turn: SaidTurn, request?: string) => ResponseDraft | undefined
  readonly digest: (text: string) => string | Promise<string>
  readonly reach: Reach
  readonly now: () => number
}

/** A background turn that was left behind, and is now ours. */
export interface LeftTurn {
  readonly keyId: string
  readonly responseId: string
  /** How often it was begun, this time included. */
  readonly tries: number
  /** Whether its client wants it no more: it has only to be ended. */
  readonly cancelled: boolean
  /** When its client asked for it. */
  readonly createdAt: number
  /** The text that it was begun with; empty when its client has deleted it. */
  readonly request: string
}

const TOO_LARGE = { code: 'server_error', message: 'The response is too large to be stored.' }

/** Turns that go on after their request was answered. */
export function createSaidBackground(parts: BackgroundParts) {
  const { store, queue, draft, digest, reach, now } = parts

  function advance(turn: SaidTurn, instance: string, isOver: boolean): void {
    const { response } = turn
    const made =
      draft(turn) ??
      draft({
        ...turn,
        response: { ...response, status: 'failed', error: TOO_LARGE },
        input: [],
        output: [],
      })
    if (!made) return
    const statements = (row: NewResponse) => store.advance(row, instance, isOver)
    queue.push(writingOf(made, false, digest, statements))
  }

  return {
    /**
     * Store a response that is yet to come, now. Says whether it could be: not if it is too large.
     *
     * @param request whatever it takes to begin it again, as a text
     */
    async begin(turn: SaidTurn, request: string, lease: Lease): Promise<boolean> {
      const made = draft(turn, request)
      if (!made) return false
      const items = await hashed(made.drafts, made.keyId, digest)
      await reach(store.begin({ ...made, items }, lease))
      return true
    },

    /** Note what a client sees of a turn that is not over. */
    note: (turn: SaidTurn, instance: string): void => advance(turn, instance, false),

    /** Store how it came out, unless it was cancelled, deleted or taken over. */
    end: (turn: SaidTurn, instance: string): void => advance(turn, instance, true),

    /** Keep turns for longer; says which of them to stop. */
    renew: (lease: Lease, ids: readonly string[]) => reach(store.renew(lease, ids)),

    /** Let others have turns at once. */
    release: (instance: string, ids: readonly string[]) => reach(store.release(instance, ids)),

    /** End a turn of ours that cannot be begun again. */
    drop: (keyId: string, id: string, instance: string) =>
      reach(store.drop(keyId, id, { instance, now: now() })),

    /** Take over turns whose instance has not kept them. */
    async claim(lease: Lease, most: number): Promise<readonly LeftTurn[]> {
      const claimed = await reach(store.claim(lease, now(), most))
      return claimed.map(({ request, ...turn }) => ({
        ...turn,
        request: String(request?.text ?? ''),
      }))
    },

    /** End a turn for its client, wherever it runs. Says whether it was running. */
    async cancel(keyId: string, id: string): Promise<boolean> {
      await queue.settled(id)
      return reach(store.cancel(keyId, id, now()))
    },
  }
}
