interface Family {
  /** Its help and its type. */
  readonly head: readonly string[]
  readonly samples: string[]
}

/**
 * What several processes measure as one text in Prometheus' format: each sample with the number of its
 * process, and each family described once.
 */
export function mergeExpositions(
  parts: readonly { readonly index: number; readonly text: string }[],
): string {
  const families = new Map<string, Family>()
  for (const { index, text } of parts.toSorted((one, other) => one.index - other.index))
    addTo(families, text, `process="${index}"`)
  return `${[...families.values()].flatMap(({ head, samples }) => [...head, ...samples]).join('\n')}\n`
}

function addTo(families: Map<string, Family>, text: string, label: string): void {
  let family: Family | undefined
  let head: string[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (line.startsWith('#')) {
      const [, keyword, name = ''] = line.split(' ', 3)
      if (keyword === 'HELP') head = []
      head.push(line)
      family = families.get(name) ?? { head, samples: [] }
      families.set(name, family)
      continue
    }
    family?.samples.push(labelled(line, label))
  }
}

/** A name ends where its labels or its value begin, and holds neither brace nor space. */
function labelled(sample: string, label: string): string {
  const end = sample.search(/[{ ]/)
  const name = sample.slice(0, end)
  if (sample[end] === '{') return `${name}{${label},${sample.slice(end + 1)}`
  return `${name}{${label}}${sample.slice(end)}`
}
