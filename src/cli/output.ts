import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { createLog, type Level } from '../log'
import { wholeLines } from './whole-lines'

/** Lines are gathered this long and written together: a busy gateway writes thousands a second. */
const DELAY_MS = 50
const STDOUT = 1

/**
 * The log on standard output, and a way to write what is still held.
 *
 * @param process its number, where several processes write to the same place
 * @param descriptor of what is the standard output
 */
export function createOutput(level: Level, process?: number, descriptor = STDOUT) {
  // Not `process.stdout`, which loads the streams of Node for it.
  const isTerminal = isatty(descriptor)
  let held: string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function flush() {
    clearTimeout(timer)
    timer = undefined
    if (held.length === 0) return
    const pieces = process === undefined ? [`${held.join('\n')}\n`] : wholeLines(held)
    held = []
    try {
      for (const piece of pieces) {
        let rest = Buffer.from(piece)
        while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest))
      }
    } catch {
      // Whoever read our output has gone, or does not keep up: no reason to stop serving.
    }
  }

  function write(line: string) {
    held.push(line)
    timer ??= setTimeout(flush, DELAY_MS)
  }

  const parts = {
    write,
    readable: isTerminal,
    now: Date.now,
    ...(process !== undefined && { process }),
  }
  return {
    log: createLog({ ...parts, level }),
    /** For what must be seen whatever the level: the address, the first key, the set-up link. */
    always: createLog({ ...parts, level: 'info' }),
    isTerminal,
    flush,
  }
}

export type Output = ReturnType<typeof createOutput>
