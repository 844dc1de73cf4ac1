import type { DialectFigures } from './dialects'
import { table } from './report'
import { LONG, MANNERS, MIDDLE, mannerOf, nameOf, SHORT, streamOf, WAYS, type Way } from './ways'

const CHAT: Way = { client: 'chat', upstream: 'chat' }
const UNTOUCHED: Way = { ...CHAT, same: true }
const CHAT_TRANSLATED: Way = { client: 'chat', upstream: 'responses' }
const RESPONSES: Way = { client: 'responses', upstream: 'responses' }
const RESPONSES_TRANSLATED: Way = { client: 'responses', upstream: 'chat' }
const stored = (way: Way): Way => ({ ...way, store: true })

/** What is translated beside what is native, by what the two have in common. */
const PAIRS: readonly (readonly [common: string, translated: Way, native: Way])[] = [
  ['chat client', CHAT_TRANSLATED, CHAT],
  ['chat client, untouched', CHAT_TRANSLATED, UNTOUCHED],
  ['responses client', RESPONSES_TRANSLATED, RESPONSES],
  ['responses client, stored', stored(RESPONSES_TRANSLATED), stored(RESPONSES)],
  ['chat upstream', RESPONSES_TRANSLATED, CHAT],
  ['chat upstream, untouched', RESPONSES_TRANSLATED, UNTOUCHED],
  ['responses upstream', CHAT_TRANSLATED, RESPONSES],
]

/** The figures, and what they are held to, as Markdown. */
export const reportDialects = (figures: DialectFigures): string =>
  [
    'Streams, client over upstream:',
    streams(figures),
    'CPU of a translated stream ÷ that of a native one (held to ≤ 1.5), and µs for each further chunk:',
    ratios(figures),
    'Memory while one long stream passes (PSS, MB; held to a constant: no growth with the length):',
    memory(figures),
  ].join('\n\n')

function streams({ results }: DialectFigures): string {
  const head = ['stream', 'answers/s', 'p50 ms', 'p99 ms', 'CPU µs', 'core', 'bad']
  const rows = results.map(({ scenario, targets: { groxy } }) => {
    const { perSecond, p50Ms, p99Ms, cpuMicros, bad } = groxy
    const core = `${((cpuMicros * perSecond) / 1e4).toFixed(0)} %`
    return [scenario, perSecond, p50Ms, p99Ms, cpuMicros, core, bad]
  })
  return table(head, rows)
}

function ratios({ results }: DialectFigures): string {
  const cpuOf = (way: Way, manner: (typeof MANNERS)[number]): number => {
    const { name } = streamOf(way, manner)
    return results.find(({ scenario }) => scenario === name)?.targets.groxy.cpuMicros ?? Number.NaN
  }
  const furtherOf = (way: Way): number =>
    (cpuOf(way, MIDDLE) - cpuOf(way, SHORT)) / (MIDDLE.words - SHORT.words)

  const head = ['the same', ...MANNERS.map(mannerOf), 'µs translated', 'µs native']
  const rows = PAIRS.map(([common, translated, native]) => [
    common,
    ...MANNERS.map((manner) => cpuOf(translated, manner) / cpuOf(native, manner)),
    furtherOf(translated),
    furtherOf(native),
  ])
  return table(head, rows)
}

function memory({ memory: looks }: DialectFigures): string {
  const [, shorter, longest] = LONG
  const rows = WAYS.map((way) => {
    const own = looks.filter((look) => look.way === nameOf(way))
    const peakOf = (words: number) => own.find((look) => look.words === words)?.peak ?? Number.NaN
    return [
      nameOf(way),
      own[0]?.before ?? Number.NaN,
      ...own.map(({ before, peak }) => peak - before),
      ((peakOf(longest) - peakOf(shorter)) / (longest - shorter)) * 1024 * 1024,
      own.at(-1)?.seconds ?? Number.NaN,
      own.filter(({ isGood }) => !isGood).length,
    ]
  })
  const growths = LONG.map((words) => `growth, ${words.toLocaleString('en')}`)
  const head = ['stream', 'before', ...growths, 'bytes a further chunk', 'seconds', 'bad']
  return table(head, rows)
}
