import { UpstreamFault } from '../../errors'
import { type MutableJson, parseObject } from '../../json-value'
import { missingChoices } from './choices'
import { readInBandFault } from './in-band-fault'

/**
 * Read an upstream's whole answer, of which no part has been looked at yet but the choices.
 *
 * @throws UpstreamFault when it is no answer, an error with status 200, or has too few choices
 */
export function readWholeAnswer(
  text: string,
  wanted: number,
): { readonly answer: MutableJson; readonly choices: unknown[] } {
  const answer = parseObject(text)
  // In our own words: what an upstream sends instead of JSON is often a whole page.
  if (!answer)
    throw new UpstreamFault('malformed', 'The upstream answered something that is not JSON.')
  const fault = readInBandFault(answer)
  if (fault) throw fault
  const choices = Array.isArray(answer.choices) ? (answer.choices as unknown[]) : []
  const missing = missingChoices(choices.length, wanted)
  if (missing) throw missing
  return { answer, choices }
}
