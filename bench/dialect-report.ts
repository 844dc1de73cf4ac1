import type { DialectFigures } from './dialects'
import { table } from './report'
import { LENGTHS, nameOf, streamOf, WAYS, type Way } from './ways'

const CHAT: Way = { client: 'chat', upstream: 'chat' }
const CHAT_TRANSLATED: Way = { client: 'chat', upstream: 'responses' }
const RESPONSES: Way = { client: 'responses', upstream: 'responses' }
const RESPONSES_TRANSLATED: Way = { client: 'responses', upstream: 'chat' }

/** What is translated beside what is native, by what the two have in common. */
const PAIRS: readonly (readonly [name: string, translated: Way, native: Way])[] = [
  ['chat client', CHAT_TRANSLATED, CHAT],
  ['responses client', RESPONSES_TRANSLATED, RESPONSES],
  ['chat upstream', RESPONSES_TRANSLATED, CHAT],
  ['responses upstream', CHAT_TRANSLATED, RESPONSES],
  [
    'responses client, stored',
    { ...RESPONSES_TRANSLATED, store: true },
    { ...RESPONSES, store: true },
  ],
]

/** The figures, and what they are held to, as Markdown. */
export function reportDialects({ results, memory }: DialectFigures): string {
  const figuresOf = (way: Way, words: number) =>
    results.find(({ scenario }) => scenario === streamOf(way, words).name)?.targets.groxy
  const cpuOf = (way: Way, words: number) => figuresOf(way, words)?.cpuMicros ?? Number.NaN

  const rows = LENGTHS.flatMap((words) =>
    WAYS.map((way) => {
      const { perSecond = 0, p50Ms = 0, p99Ms = 0, bad = 0 } = figuresOf(way, words) ?? {}
      const cpu = cpuOf(way, words)
      const core = `${((cpu * perSecond) / 1e4).toFixed(0)} %`
      return [streamOf(way, words).name, perSecond, p50Ms, p99Ms, cpu, core, bad]
    }),
  )
  const ratios = PAIRS.map(([name, translated, native]) => [
    name,
    `${nameOf(translated)} ÷ ${nameOf(native)}`,
    ...LENGTHS.map((words) => cpuOf(translated, words) / cpuOf(native, words)),
    ...moreForChunk(translated, native),
  ])
  function moreForChunk(translated: Way, native: Way): number[] {
    const [short, long] = LENGTHS
    const costOf = (way: Way) => (cpuOf(way, long) - cpuOf(way, short)) / (long - short)
    return [costOf(translated), costOf(native)]
  }
  const grown = WAYS.map((way) => {
    const looks = memory.filter((look) => look.way === nameOf(way))
    const growths = looks.map(({ before, peak }) => peak - before)
    const seconds = looks.map((look) => look.seconds)
    const bad = looks.filter(({ isGood }) => !isGood).length
    return [nameOf(way), looks[0]?.before ?? Number.NaN, ...growths, ...seconds.slice(-1), bad]
  })
  return [
    'Streams (client over upstream), 32 connections:',
    table(['stream', 'answers/s', 'p50 ms', 'p99 ms', 'CPU µs', 'core', 'bad'], rows),
    'CPU of a translated stream beside a native one (held to ≤ 1.5), and what a chunk more costs:',
    table(
      ['the same', 'streams', ...LENGTHS.map((words) => `${words} chunks`), 'µs a chunk', 'native'],
      ratios,
    ),
    'One long stream (PSS, MB; held to: as much for 100,000 words as for 1,000):',
    table(['stream', 'before', 'growth, 1,000', 'growth, 100,000', 'seconds', 'bad'], grown),
  ].join('\n\n')
}
