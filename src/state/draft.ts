import { type NewResponse, type ResponseStatus, TERMS } from '../store/responses'
import type { Statements } from '../store/stores'
import type { Item } from '../turn/responses/schema'
import { type DraftItem, drafted, hashed, named, weightOf } from './items'
import type { Writing } from './write-queue'

/** A turn that a client may come back to. */
export interface SaidTurn {
  readonly keyId: string
  /** The Response as its client gets it; the `output` in it is not looked at. */
  readonly response: SaidResponse
  /** Its own input, without its context; items that were referred to are in it as they are. */
  readonly input: readonly Item[]
  /** Everything that the upstream gave, encrypted thoughts included. */
  readonly output: readonly Item[]
  readonly previousId: string | null
  /** Its conversation, and the `end` that came with the conversation's context. */
  readonly conversation: { readonly id: string; readonly end: number } | null
  /** How the stream was cut. */
  readonly tape: string | null
  readonly affinity: number
}

/** A Response, as far as it matters here. */
export type SaidResponse = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly status: ResponseStatus
}

/** A response that is ready to be written. */
export interface ResponseDraft extends Omit<NewResponse, 'items'> {
  readonly size: number
  readonly drafts: readonly DraftItem[]
}

/** One that waits to be written. */
export interface ResponseWriting extends Writing {
  /** It is all there, and not a change to one that the database has. */
  readonly whole: ResponseDraft | undefined
}

/** What turns of one client have in common, and every Response repeats. */
const COMMON = ['instructions', 'tools', 'text'] as const

/** A libSQL server takes no value above 4 MiB; a character takes three bytes at most. */
const LONGEST_VALUE = 1_000_000

interface DraftParts {
  readonly newId: () => string
  readonly now: () => number
  /** How long it is kept, and how large it may be. */
  readonly keptMs: () => number
  readonly mostBytes: () => number
}

/** Makes drafts of turns; of one that is too large there is none. */
export function createDrafts({ newId, now, keptMs, mostBytes }: DraftParts) {
  /** @param request what it takes to begin a background turn again */
  return (turn: SaidTurn, request?: string): ResponseDraft | undefined => {
    const { output: _, ...body } = turn.response as Record<string, unknown>
    const terms: Record<string, unknown> = {}
    for (const name of COMMON)
      if (name in body) {
        terms[name] = body[name]
        // Its place is kept, so that it comes back as its client got it, byte by byte.
        body[name] = null
      }
    const drafts = [
      drafted('terms', { ...terms, id: TERMS }),
      ...turn.input.map((item) => drafted('input', named(item, newId))),
      ...turn.output.map((item) => drafted('output', named(item, newId))),
    ]
    if (request !== undefined) drafts.push(drafted('request', { id: TERMS, text: request }))
    const text = JSON.stringify(body)
    // Without it the stream can still be sent again, if not in the same pieces.
    const tape = turn.tape && turn.tape.length <= LONGEST_VALUE ? turn.tape : null
    const size = text.length + (tape?.length ?? 0) + weightOf(drafts)
    const isTooLarge = exceeds(mostBytes(), size, [text, ...drafts.map(({ body }) => body)])
    if (isTooLarge || text.length > LONGEST_VALUE) return
    return {
      id: turn.response.id,
      keyId: turn.keyId,
      previousId: turn.previousId,
      conversation: turn.conversation,
      status: turn.response.status,
      body: text,
      tape,
      affinity: turn.affinity,
      createdAt: now(),
      expiresAt: now() + keptMs(),
      size,
      drafts,
    }
  }
}

const encoder = new TextEncoder()

/** Counts bytes only where characters do not tell: each has one to three. */
export function exceeds(mostBytes: number, characters: number, texts: readonly string[]): boolean {
  if (characters > mostBytes) return true
  if (characters * 3 <= mostBytes) return false
  return texts.reduce((sum, text) => sum + encoder.encode(text).length, 0) > mostBytes
}

/** Something that waits: statements for a draft, made when they are needed. */
export const writingOf = (
  draft: ResponseDraft,
  isWhole: boolean,
  digest: (text: string) => string | Promise<string>,
  statements: (row: NewResponse) => Statements,
): ResponseWriting => ({
  owners: draft.conversation ? [draft.id, draft.conversation.id] : [draft.id],
  size: draft.size,
  whole: isWhole ? draft : undefined,
  statements: async () =>
    statements({ ...draft, items: await hashed(draft.drafts, draft.keyId, digest) }),
})
