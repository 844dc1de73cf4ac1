import type { Effort } from './request'

const SCALE: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/**
 * The effort among those that a model knows which comes nearest to the wanted one, the lower of two
 * that are as near; never none at all where some was wanted. What cannot be placed is left to the
 * model.
 */
export function nearestEffort(
  wanted: Effort | undefined,
  known: readonly string[] | undefined,
): string | undefined {
  if (wanted === undefined || known === undefined || known.includes(wanted)) return wanted
  const place = SCALE.indexOf(wanted)
  const distance = (effort: Effort) => Math.abs(SCALE.indexOf(effort) - place)
  const [nearest] = SCALE.filter((effort) => effort !== 'none' && known.includes(effort)).sort(
    (one, other) => distance(one) - distance(other),
  )
  return nearest
}
