import type { Json } from '../../json-value'
import type { HostedItem } from '../event'
import type { HostedKind, WholeText } from './hosted-kinds'
import { type ItemParts, type OpenItem, placeOf } from './open-item'

/** A tool that runs at the upstream. */
export interface OpenHostedItem extends OpenItem {
  /** Its id at the upstream, to know its end by. */
  readonly upstreamId: unknown
  /** The events that follow its beginning. */
  begin(): string
  /** It is done: gives the events before its end. */
  finish(item: HostedItem): string
}

/**
 * Write a hosted tool from its first and its last form, whatever the upstream told between them.
 *
 * @param told whether `item` is its first form; else it is its last
 */
export function createHostedItem(
  parts: ItemParts,
  kind: HostedKind,
  item: HostedItem,
  told: boolean,
): OpenHostedItem {
  const { writer, tape, id } = parts
  const place = placeOf(parts)
  const { type } = item
  const first = kind.read(told ? item : kind.blank(item))
  let members = first
  let status = 'in_progress'
  if (told) tape.began({ type, ...first })

  const tell = (names: readonly string[]): string =>
    names.map((name) => writer.event(`response.${type}.${name}`, place)).join('')

  function end(last: Json, as: string): string {
    members = last
    status = as
    tape.done()
    if (!writer.live) return ''
    const whole = kind.whole?.(last)
    return (whole ? spell(whole) : '') + tell(kind.ended(as))
  }

  function spell({ event, member, text }: WholeText): string {
    const json = JSON.stringify(text)
    const delta =
      text === '' ? '' : writer.event(`response.${event}.delta`, `${place},"delta":${json}`)
    return delta + writer.event(`response.${event}.done`, `${place},"${member}":${json}`)
  }

  return {
    type,
    upstreamId: item.id,
    begin: () => tell(kind.begun),
    finish(done) {
      const last = kind.read(done)
      return end(last, kind.status(done))
    },
    close(as) {
      if (as === 'completed') return end(first, kind.status({ ...first, type }))
      const broken = { ...first, ...kind.broken, type }
      return end(kind.read(broken), kind.status(broken))
    },
    view: () => ({ id, type, ...(kind.hasStatus && { status }), ...members }),
  }
}
