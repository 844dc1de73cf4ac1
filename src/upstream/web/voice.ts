import type { TurnEvent } from '../../turn/event'

export type WebEvent = TurnEvent | MediaEvent

export interface MediaEvent {
  readonly type: 'media'
  readonly sort: 'image' | 'video'
  readonly url: string
  readonly title: string
  readonly poster?: string
  readonly id: string
}
