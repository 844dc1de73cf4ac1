import type { Histogram } from './histogram'

/** Names and values that tell the series of a metric apart. */
export type Labels = Readonly<Record<string, string>>

/** Writes metrics down in Prometheus' text format 0.0.4. */
export function createExposition() {
  const lines: string[] = []

  const head = (name: string, type: string, help: string) =>
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)

  const sample = (name: string, labels: string, value: number) =>
    lines.push(`${name}${labels && `{${labels}}`} ${valueText(value)}`)

  return {
    /** A number that only grows, or one that does not, for each of its series. */
    numbers(
      type: 'counter' | 'gauge',
      name: string,
      help: string,
      series: Iterable<readonly [labels: Labels, value: number]>,
    ): void {
      head(name, type, help)
      for (const [labels, value] of series) sample(name, labelText(labels), value)
    },

    histograms(
      name: string,
      help: string,
      series: Iterable<readonly [labels: Labels, histogram: Histogram]>,
    ): void {
      head(name, 'histogram', help)
      for (const [labels, { bounds, counts, sum, count }] of series) {
        const own = labelText(labels)
        const prefix = own && `${own},`
        let total = 0
        for (const [at, bound] of bounds.entries()) {
          total += counts[at] ?? 0
          sample(`${name}_bucket`, `${prefix}le="${bound}"`, total)
        }
        sample(`${name}_bucket`, `${prefix}le="+Inf"`, count)
        sample(`${name}_sum`, own, sum)
        sample(`${name}_count`, own, count)
      }
    },

    text: (): string => `${lines.join('\n')}\n`,
  }
}

const valueText = (value: number): string => (Number.isFinite(value) ? String(value) : 'NaN')

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
