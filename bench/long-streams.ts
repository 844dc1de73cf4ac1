import { isWhole } from './answer'
import type { RunningTarget } from './dialects'
import { ask } from './first-answer'
import { pssMb } from './gauges'
import type { Measure } from './measure'
import { LONG, MIDDLE, nameOf, streamOf, WAYS } from './ways'

interface LongStreamParts {
  readonly start: () => Promise<RunningTarget>
  readonly measure: Measure
  readonly effort: { readonly warmUpSeconds: number }
}

/** One long stream, and the memory of Groxy in MB before it and at its worst. */
interface LongStream {
  readonly way: string
  readonly words: number
  readonly seconds: number
  readonly before: number
  readonly peak: number
  readonly isGood: boolean
}

const LOOK_EVERY_MS = 100
/** What was is collected by then, as far as it ever is. */
const REST_MS = 2_000
const PATIENCE_MS = 120_000

/** How far memory rises while one long stream passes, in a Groxy of its own for each way. */
export async function measureLongStreams(parts: LongStreamParts): Promise<LongStream[]> {
  const { start, measure, effort } = parts
  const streams: LongStream[] = []
  for (const way of WAYS) {
    const groxy = await start()
    // Afterwards the code is compiled, and the heap has the size that such work needs.
    await measure.timed(groxy, streamOf(way, MIDDLE), effort.warmUpSeconds)
    for (const words of LONG) {
      await Bun.sleep(REST_MS)
      const scenario = streamOf(way, { words }, 1)
      const before = await pssMb(groxy.pid)
      const startedAt = performance.now()
      const answer = ask(groxy.address, groxy.key, scenario, PATIENCE_MS)
      const peak = await peakUntil(answer, groxy.pid)
      const seconds = (performance.now() - startedAt) / 1_000
      const { ok, text } = await answer
      const isGood = ok && isWhole(scenario, text)
      streams.push({ way: nameOf(way), words, seconds, before, peak, isGood })
      const growth = `${(peak - before).toFixed(1)} MB more than ${before.toFixed(1)}`
      console.info(`${scenario.name}  ${seconds.toFixed(2)} s  ${growth}  bad ${isGood ? 0 : 1}`)
    }
    await groxy.stop()
  }
  return streams
}

/** The most memory of a process until something is over, and right after it. */
async function peakUntil(work: Promise<unknown>, pid: number): Promise<number> {
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  let peak = 0
  while (!isOver) {
    peak = Math.max(peak, await pssMb(pid))
    await Promise.race([over, Bun.sleep(LOOK_EVERY_MS)])
  }
  return Math.max(peak, await pssMb(pid))
}
