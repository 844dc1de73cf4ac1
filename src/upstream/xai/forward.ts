import type { Http } from '../../net/http'
import { readFault } from '../fault'

/** A call of xAI's API as its caller made it. */
export interface ForwardedCall {
  readonly baseUrl: string
  /** From the path after `/v1`, with the query. */
  readonly path: string
  readonly method: string
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array> | string | null
  readonly proxy?: string | undefined
  readonly abort: AbortController
}

interface ForwardParts {
  readonly http: Http
  readonly now: () => number
}

/** Sends calls to xAI that Groxy does not model. */
export function createForward({ http, now }: ForwardParts) {
  const send = ({ baseUrl, path, ...call }: ForwardedCall) =>
    http.send({ url: baseUrl + path, ...call })

  return {
    /** With the caller's own credential: whatever xAI answers is the answer. */
    own: send,

    /**
     * With an account's credential.
     *
     * @throws UpstreamFault for every refusal, so that the account can be judged
     */
    async ours(call: ForwardedCall, secret: string): Promise<Response> {
      const response = await send(call)
      if (response.status >= 400) throw await readFault(response, secret, now())
      return response
    },
  }
}

export type XaiForward = ReturnType<typeof createForward>
