import { UpstreamFault } from '../../errors'

/** The fault of an answer that has fewer choices than were asked for; never silently one for two. */
export function missingChoices(given: number, wanted: number): UpstreamFault | undefined {
  if (given >= wanted && given > 0) return
  if (given === 0) return new UpstreamFault('broken', 'The upstream answered without an answer.')
  return new UpstreamFault(
    'refused',
    `The upstream gave ${given} of ${wanted} choices: this model does not take n > 1.`,
    { status: 400, code: 'unsupported_parameter', param: 'n' },
  )
}
