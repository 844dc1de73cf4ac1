/** So much a pipe takes as one, whoever else writes to it. */
const WHOLE_BYTES = 4096

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
