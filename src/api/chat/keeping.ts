import type { Dialect } from '../../dispatch/turn'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import { createChatEncoder } from '../../turn/chat/encode'
import { farewell } from '../../turn/chat/farewell'
import type { StreamTerms } from '../../turn/chat/native-stream'
import type { ChatRequest } from '../../turn/chat/schema'
import type { TurnEncoder } from '../../turn/codec'

interface KeepingParts {
  readonly completions: Said['completions']
  readonly keyId: string
  readonly request: ChatRequest
  readonly terms: StreamTerms
}

/** An answer that its client wants to have kept: it is gathered, whoever gives it, and stored if whole. */
export function createKeeping({ completions, keyId, request, terms }: KeepingParts) {
  const { messages } = request
  const metadata = request.metadata ?? {}
  let encoder: TurnEncoder | undefined

  const dialect: Dialect = {
    encoder() {
      const made = createChatEncoder(terms, { stream: request.stream === true, whole: true })
      encoder = made
      return { ...made, answer: () => withMetadata(made.answer()) }
    },
    failure: farewell,
    endsBroken: false,
  }

  /** Its client gets what it will find later. */
  const withMetadata = (answer: string): string =>
    JSON.stringify({ ...JSON.parse(answer), metadata })

  return {
    dialect,

    /** The turn is over. */
    end({ outcome }: LedgerEntry): void {
      if (outcome !== 'done' || !encoder) return
      const completion = JSON.parse(encoder.answer())
      completions.save({ keyId, completion, messages, metadata })
    },
  }
}
