/** A WebSocket to an upstream. */
export interface Line {
  readonly send: (text: string) => void
  /** The texts that come, until either side closes; throws an `UpstreamFault` when it breaks. */
  readonly messages: AsyncIterable<string>
  readonly close: () => void
}

/**
 * Opens a WebSocket, `ws:` or `wss:`.
 *
 * @throws UpstreamFault `refused` with the status when the upstream wants none, else as `Http.send` does
 */
export type Connect = (url: string, terms: LineTerms) => Promise<Line>

export interface LineTerms {
  readonly headers: Readonly<Record<string, string>>
  /** The HTTP(S) proxy that it goes through. */
  readonly proxy: string | undefined
  /** Aborting it closes the socket at once. */
  readonly signal: AbortSignal
}
