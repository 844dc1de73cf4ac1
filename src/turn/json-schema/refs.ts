import { isObject, isText, type MutableJson } from '../../json-value'

/** Finds what a schema refers to within itself. Nothing is ever fetched. */
export function createRefs(root: unknown, spend: (steps: number) => void) {
  const found = new Map<string, unknown>()
  let named: Map<string, unknown> | undefined

  /** Schemas by their `$id`, and by `#` and their `$anchor`. */
  function names(): Map<string, unknown> {
    if (named) return named
    const known = new Map<string, unknown>()
    const rest: unknown[] = [root]
    for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
      spend(1)
      if (isObject(one)) name(one, known)
      if (typeof one === 'object' && one !== null) rest.push(...Object.values(one))
    }
    named = known
    return known
  }

  function look(ref: string): unknown {
    if (ref === '#') return root
    if (ref.startsWith('#/')) return follow(root, ref.slice(1))
    const [base = '', fragment = ''] = ref.split('#', 2)
    if (!fragment.startsWith('/')) return names().get(ref) ?? names().get(base || `#${fragment}`)
    return follow(names().get(base), fragment)
  }

  /** What a `$ref` names; undefined where it is not in the schema. */
  return (ref: string): unknown => {
    spend(1)
    if (!found.has(ref)) {
      spend(ref.length)
      found.set(ref, look(ref))
    }
    return found.get(ref)
  }
}

function name(schema: MutableJson, known: Map<string, unknown>) {
  for (const key of ['$id', 'id'])
    if (isText(schema[key])) known.set(schema[key].replace(/#$/, ''), schema)
  for (const key of ['$anchor', '$dynamicAnchor'])
    if (isText(schema[key])) known.set(`#${schema[key]}`, schema)
}

/** @param pointer as RFC 6901 has it, with the escapes of an address */
function follow(root: unknown, pointer: string): unknown {
  let at = root
  for (const part of pointer.slice(1).split('/')) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return
    at = (at as MutableJson)[key]
  }
  return at
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
