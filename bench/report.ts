import type { Comparison } from './comparison'
import { PACED } from './scenarios'
import type { StartUp } from './start-up'

/** The ratios as Markdown. */
export function report({ results, memory }: Comparison, startUp: StartUp): string {
  const rows = results.map(({ scenario, targets: { groxy, upstream, ...others } }) => {
    const bare = others['pass-through']
    const rate = [groxy.perSecond, groxy.perSecond / bare.perSecond]
    return [
      scenario,
      // How many paced streams end in a second says only that they were paced.
      ...(scenario === PACED.name ? ['', '', ''] : [...rate, groxy.perSecond / upstream.perSecond]),
      ...[groxy.p50Ms, groxy.p50Ms / bare.p50Ms, groxy.p99Ms, groxy.p99Ms / bare.p99Ms],
      ...[groxy.cpuMicros, groxy.cpuMicros / bare.cpuMicros, groxy.cpuMicros / upstream.cpuMicros],
      groxy.bad,
    ]
  })
  const pt = '÷ pass-through'
  const head = `scenario,answers/s,${pt},÷ upstream,p50 ms,${pt},p99 ms,${pt},CPU µs,${pt},÷ upstream,bad`
  const { helloMs, firstMs, againMs } = startUp
  return [
    'Groxy, and its share of the others in the same run (paced streams: time to the first word):',
    table(head.split(','), rows),
    'Memory (PSS, MB):',
    table(
      ['target', 'idle', 'loaded', 'after'],
      memory.map(({ target, idle, loaded, after }) => [target, idle, loaded, after]),
    ),
    'Start to first answer:',
    table(
      ['program', 'ms', '÷ hello'],
      [
        ['hello', helloMs, 1],
        ['groxy, new folder', firstMs, firstMs / helloMs],
        ['groxy, started again', againMs, againMs / helloMs],
      ],
    ),
  ].join('\n\n')
}

/** Rows as a Markdown table, the figures at the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.map(print).join(' | ')} |`)
    .join('\n')

/** Two decimals below ten, none above a hundred. */
function print(value: string | number): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return '–'
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })
}
