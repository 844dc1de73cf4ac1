import type { SaidTurn } from '../../state/draft'
import type { Item } from '../../turn/responses/schema'
import type { Prepared } from './turn'

/** What is kept of a turn, as it is now. */
export function saidTurn({ turn, request, context, affinity, encoder }: Prepared): SaidTurn {
  const { previousId, conversation, input } = context
  const { include } = request
  const response = encoder().response()
  return {
    keyId: turn.key.id,
    // Whether thoughts are shown as their upstream can read them is up to who asks for the response.
    response: (include?.length ? { ...response, include } : response) as SaidTurn['response'],
    input,
    output: response.output as readonly Item[],
    previousId,
    conversation,
    tape: encoder().tape() || null,
    affinity,
  }
}
