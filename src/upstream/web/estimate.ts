import type { TurnEvent } from '../../turn/event'
import type { TurnRequest } from '../../turn/request'
import { countTokens } from '../../turn/token-count'
import type { Tokenizer } from '../../turn/tokenizer'
import type { Usage } from '../../turn/usage'

/** How much text is counted at a time: counted by its pieces it would come to more. */
const PORTION = 2_048

/** Reckons what a turn takes, since grok.com does not say. */
export function createEstimate(tokenizer: Tokenizer) {
  let said = ''
  let thought = ''
  let output = 0
  let reasoning = 0

  return {
    add(event: TurnEvent): void {
      if (event.type === 'text') said += event.text
      if (event.type === 'thinking') thought += event.text
      if (said.length > PORTION) {
        output += tokenizer.count(said)
        said = ''
      }
      if (thought.length > PORTION) {
        reasoning += tokenizer.count(thought)
        thought = ''
      }
    },

    /** What the turn took altogether. */
    usage(turn: TurnRequest): Usage {
      const allThought = reasoning + tokenizer.count(thought)
      return {
        input: countTokens(turn, tokenizer),
        cached: 0,
        output: output + tokenizer.count(said) + allThought,
        reasoning: allThought,
        costTicks: null,
        source: 'estimated',
      }
    },
  }
}
