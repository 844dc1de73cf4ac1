/** So often it is looked at, at least. */
const LOOK_MS = 1
/** No two looks are further apart, unless there was something to compute or no processor to do it. */
const APART_MS = 3

/**
 * A clock that stands still while a busy machine keeps this process from running: of a time in which
 * nobody could look at it counts what was computed in it. On an idle machine it goes as any other.
 */
export function ownClock() {
  let seenAt = performance.now()
  let used = process.cpuUsage()
  let time = Date.now()

  function look(): void {
    const at = performance.now()
    const { user, system } = process.cpuUsage(used)
    time += Math.min(at - seenAt, Math.max((user + system) / 1000, APART_MS))
    seenAt = at
    used = process.cpuUsage()
  }

  const timer = setInterval(look, LOOK_MS)
  return {
    now(): number {
      look()
      return Math.floor(time)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
