import type { TurnRequest } from '../turn/request'
import type { UpstreamCall } from './upstream'

/** The same call, asking in other words. */
export const retold = (call: UpstreamCall, turn: TurnRequest): UpstreamCall => ({
  ...call,
  ask: { ...call.ask, turn: () => turn },
})
