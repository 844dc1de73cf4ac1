// Reads server-sent events from a body, however the network cut them.

/** @yields {{ name: string, data: string }} */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  /** Up to here there is no end of a line. */
  let looked = 0
  let data = []
  let name = ''

  function* take(isOver) {
    for (;;) {
      const ends = /\r\n|\n|\r/g
      ends.lastIndex = looked
      const found = ends.exec(rest)
      const [end] = found ?? []
      // The other half of a line's end may still come.
      if (!found || (end === '\r' && ends.lastIndex === rest.length && !isOver)) {
        looked = found ? found.index : rest.length
        return
      }
      const at = found.index
      looked = 0
      const line = rest.slice(0, at)
      rest = rest.slice(at + end.length)
      if (line === '') {
        if (data.length > 0) yield { name, data: data.join('\n') }
        data = []
        name = ''
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) continue
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') data.push(value)
      else if (field === 'event') name = value
    }
  }

  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? '\n\n' : value
      yield* take(done)
      if (done) return
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
