import type { Key } from '../store/keys'

interface AllowList {
  readonly exact: ReadonlySet<string>
  /** What stands between the stars. */
  readonly patterns: readonly (readonly string[])[]
}

const lists = new WeakMap<readonly string[], AllowList>()

/** Whether a key may ask for a model: `*` in its list stands for any signs. */
export function mayUse({ models }: Pick<Key, 'models'>, model: string): boolean {
  if (!models) return true
  const { exact, patterns } = listOf(models)
  return exact.has(model) || patterns.some((pieces) => fits(pieces, model))
}

function listOf(models: readonly string[]): AllowList {
  const known = lists.get(models)
  if (known) return known
  const list = {
    exact: new Set(models.filter((model) => !model.includes('*'))),
    patterns: models.filter((model) => model.includes('*')).map((model) => model.split('*')),
  }
  lists.set(models, list)
  return list
}

/** In time that grows with the name and no faster, which an expression with many stars does not. */
function fits(pieces: readonly string[], model: string): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  const end = model.length - last.length
  if (!model.startsWith(first) || !model.endsWith(last) || end < first.length) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = model.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= end
}
