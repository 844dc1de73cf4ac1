import type { UpstreamFault } from '#src/errors'
import type { FilmEvent, FilmRequest } from '#src/turn/film'

/** A new video, unless something else is said. */
export const filmWish = (fields: Partial<FilmRequest> = {}): FilmRequest => ({
  work: 'generate',
  prompt: 'Waves',
  first: undefined,
  references: [],
  video: undefined,
  seconds: undefined,
  ratio: undefined,
  resolution: undefined,
  preset: undefined,
  others: {},
  ...fields,
})

/** All that an upstream says while it films, and why it does not, if so. */
export async function filmEvents(
  said: AsyncIterable<FilmEvent> | undefined,
  onEvent?: (event: FilmEvent) => void,
) {
  const events: FilmEvent[] = []
  const fault = await (async () => {
    for await (const event of said ?? []) {
      events.push(event)
      onEvent?.(event)
    }
  })().catch((cause: UpstreamFault) => cause)
  const percents = events.flatMap((event) => (event.type === 'progress' ? [event.percent] : []))
  return {
    ...{ events, fault, percents: [...new Set(percents)] },
    video: events.find((event) => event.type === 'video'),
    usage: events.find((event) => event.type === 'usage')?.usage,
  }
}
