import { timeInId } from '../crypto'
import { sleep } from '../sleep'

/** What another instance may be about to write is looked for again after so long: for two seconds altogether. */
const WAITS_MS = [25, 50, 100, 200, 325, 500, 800]

/** A turn may take so long, and its id is as old as its beginning. */
const LONGEST_TURN_MS = 3_600_000
/** By so much the clock of another instance may be ahead. */
const AHEAD_MS = 60_000

/** Whether something of that id may be on its way to the database: what we write has ids that tell their time. */
export function mayCome(id: string, now: number): boolean {
  const time = timeInId(id)
  return time !== undefined && time > now - LONGEST_TURN_MS && time < now + AHEAD_MS
}

/** Look again for a while, as long as nothing is found that will do. */
export async function patiently<T>(
  first: T,
  willDo: (found: T) => boolean,
  look: () => Promise<T>,
): Promise<T> {
  let found = first
  for (const waitMs of WAITS_MS) {
    if (willDo(found)) return found
    await sleep(waitMs)
    found = await look()
  }
  return found
}
