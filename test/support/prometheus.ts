type Labels = Readonly<Record<string, string>>

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[\\d.e+-]+|NaN)$`)
const TYPES = ['counter', 'gauge', 'histogram']

/** Reads Prometheus' text format 0.0.4, and throws at whatever is not in it. */
export function parseMetrics(text: string) {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.')
  const types = new Map<string, string>()
  const samples = new Map<string, { name: string; labels: Labels; value: number }>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = line.match(/^# (HELP|TYPE) (\S+) (.+)$/) ?? []
    if (keyword === 'HELP') {
      if (types.has(name)) throw new Error(`${name} comes twice.`)
      family = name
      continue
    }
    if (keyword === 'TYPE') {
      if (name !== family || !TYPES.includes(rest)) throw new Error(`No type: ${line}`)
      types.set(name, rest)
      if (rest === 'counter' && !name.endsWith('_total'))
        throw new Error(`${name} is a counter and has no _total.`)
      continue
    }
    const found = line.match(SAMPLE)
    if (!found) throw new Error(`No sample: ${line}`)
    const [, sample = '', labels = '', value = ''] = found
    const suffix = types.get(family) === 'histogram' ? /^(_bucket|_sum|_count)$/ : /^$/
    if (!sample.startsWith(family) || !suffix.test(sample.slice(family.length)))
      throw new Error(`${sample} is not of ${family}.`)
    const read = readLabels(labels)
    const key = sample + JSON.stringify(sorted(read))
    if (samples.has(key)) throw new Error(`The same series comes twice: ${line}`)
    samples.set(key, { name: sample, labels: read, value: Number(value) })
  }
  for (const [name, type] of types) if (type === 'histogram') checkBuckets(name)

  function checkBuckets(name: string) {
    const last = new Map<string, number>()
    for (const { name: sample, labels, value } of samples.values()) {
      const { le, ...own } = labels
      const key = JSON.stringify(sorted(own))
      if (sample === `${name}_bucket`) {
        if (value < (last.get(key) ?? 0)) throw new Error(`${name} falls at ${le}.`)
        last.set(key, value)
      }
      if (sample === `${name}_count` && value !== last.get(key))
        throw new Error(`${name} does not count what is in its buckets.`)
    }
  }

  const values = (name: string) =>
    [...samples.values()]
      .filter((sample) => sample.name === name)
      .map(({ labels, value }) => [labels, value] as const)

  return {
    types,
    values,
    /** One sample, or undefined. */
    value: (name: string, labels: Labels = {}): number | undefined =>
      samples.get(name + JSON.stringify(sorted(labels)))?.value,
    /** The bounds of a histogram, in order. */
    bounds: (name: string): readonly string[] => [
      ...new Set(values(`${name}_bucket`).map(([{ le = '' }]) => le)),
    ],
  }
}

const sorted = (labels: Labels) => Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))

const readLabels = (text: string): Labels =>
  Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign)),
    ]),
  )
