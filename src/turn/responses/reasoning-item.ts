import { createLongText, type LongText } from './long-text'
import { type ItemParts, type OpenItem, placeOf } from './open-item'

/** What the model thinks: always as a summary, which every client can show. */
export interface ReasoningItem extends OpenItem {
  think(text: string, part: number): string
  /** Keep what only the upstream can read. */
  seal(encrypted: string | null): void
}

/** Write a thought, paragraph by paragraph. */
export function createReasoningItem(parts: ItemParts): ReasoningItem {
  const { writer, tape, id } = parts
  const place = placeOf(parts)
  const summary: LongText[] = []
  let status = 'in_progress'
  let encrypted: string | null = null
  let part: number | undefined
  let where = ''
  let delta: (text: string) => string = () => ''

  function begin(next: number): string {
    const ended = end()
    part = next
    where = `${place},"summary_index":${summary.length}`
    summary.push(createLongText())
    if (!writer.live) return ''
    delta = writer.series('response.reasoning_summary_text.delta', where)
    return (
      ended +
      writer.event(
        'response.reasoning_summary_part.added',
        `${where},"part":{"type":"summary_text","text":""}`,
      )
    )
  }

  function end(): string {
    const last = summary.at(-1)
    if (!last || !writer.live) return ''
    const text = JSON.stringify(last.text())
    return (
      writer.event('response.reasoning_summary_text.done', `${where},"text":${text}`) +
      writer.event(
        'response.reasoning_summary_part.done',
        `${where},"part":{"type":"summary_text","text":${text}}`,
      )
    )
  }

  return {
    type: 'reasoning',

    think(text, next) {
      const begun = next === part ? '' : begin(next)
      summary.at(-1)?.add(text)
      tape.cut(text.length)
      return begun + delta(text)
    },

    seal(given) {
      encrypted = given
    },

    close(as) {
      status = as
      return end()
    },

    view: () => ({
      id,
      type: 'reasoning',
      status,
      summary: summary.map((paragraph) => ({ type: 'summary_text', text: paragraph.text() })),
      ...(status !== 'in_progress' && { encrypted_content: encrypted }),
    }),
  }
}
