import type { Json } from '../../json-value'
import type { EventWriter } from './event-writer'
import type { Tape } from './tape'

/** An output item that is being said. */
export interface OpenItem {
  readonly type: string
  /** Nothing more comes: gives the events that end its parts. */
  close(status: 'completed' | 'incomplete'): string
  /** The item as it is now, as it is to be stored. */
  view(): Json
}

/** What every output item is made with. */
export interface ItemParts {
  readonly writer: EventWriter
  readonly tape: Tape
  readonly id: string
  /** Where it stands in `output`. */
  readonly index: number
}

/** The members that tie an event to its item. */
export const placeOf = ({ id, index }: ItemParts): string =>
  `,"item_id":${JSON.stringify(id)},"output_index":${index}`
