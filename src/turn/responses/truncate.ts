import type { Item } from './schema'

const BYTES_A_TOKEN = 4
/** Whatever a picture or a file weighs, a model sees about so much of it. */
const A_FILE = 3_000

/** What an item takes of a model's window, about. */
function weightOf(item: Item): number {
  const json = JSON.stringify(item)
  const files = json.match(/"data:[^"]{256,}"/g) ?? []
  const text = files.reduce((rest, file) => rest - file.length + A_FILE, json.length)
  return Math.ceil(text / BYTES_A_TOKEN)
}

/**
 * A conversation without its oldest items, as many of them as it takes to fit. What the model was told
 * to be stays, and so does the last item; the output of a call that is gone goes, too.
 *
 * @param most tokens that it may have
 */
export function truncate(items: readonly Item[], most: number): readonly Item[] {
  const weights = items.map(weightOf)
  let weight = weights.reduce((sum, one) => sum + one, 0)
  if (weight <= most) return items
  const calls = new Set<unknown>()
  const last = items.length - 1
  return items.filter((item, at) => {
    const { type, role } = item
    const isOutput = type?.endsWith('_output') === true
    const isOrphan = isOutput && calls.has(item.call_id)
    const isKept = at === last || role === 'system' || role === 'developer'
    if (!isOrphan && (weight <= most || isKept)) return true
    weight -= weights[at] ?? 0
    if (!isOutput && item.call_id !== undefined) calls.add(item.call_id)
    return false
  })
}
