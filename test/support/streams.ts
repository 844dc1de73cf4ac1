/** The same bytes in pieces of a given size. */
export const piecesOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  )

/** The events of a chat stream: parsed chunks, and `[DONE]` as it is. */
export const readEvents = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => block.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)))

/** The answer that a stream makes together. */
export const textOf = (events: readonly unknown[]): string =>
  events
    .map((event) => (event as { choices?: [{ delta?: { content?: string } }?] }).choices?.[0])
    .map((choice) => choice?.delta?.content ?? '')
    .join('')
