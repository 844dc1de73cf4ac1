import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { createLog, type Level } from '../log'

/** Lines are gathered this long and written together: a busy gateway writes thousands a second. */
const DELAY_MS = 50
const STDOUT = 1

/** So much a pipe takes as one, whoever else writes to it. */
const WHOLE_BYTES = 4096

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

/** Lines put together to pieces that do not end up in the middle of another process's. */
export function wholeLines(lines: readonly string[]): string[] {
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const line of lines) {
    const length = Buffer.byteLength(line) + 1
    if (piece && bytes + length > WHOLE_BYTES) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += `${line}\n`
    bytes += length
  }
  return piece ? [...pieces, piece] : pieces
}

export type Output = ReturnType<typeof createOutput>
