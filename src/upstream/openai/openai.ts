import { UpstreamFault } from '../../errors'
import { asFault, type Http } from '../../net/http'
import type { Account } from '../../pool/account'
import type { UpstreamModel } from '../../store/schema'
import { readFault } from '../fault'
import type { ChatCall, ChatReply, Upstream } from '../upstream'
import { type Changes, nativeBody } from './request'

interface OpenAiParts {
  readonly http: Http
  readonly now: () => number
  /** What a server of this kind wants written differently. */
  readonly quirks?: (call: ChatCall) => Changes
}

/** Any server that speaks OpenAI's dialect. */
export function createOpenAi({ http, now, quirks }: OpenAiParts): Upstream {
  return {
    async chat(call: ChatCall): Promise<ChatReply> {
      const { account, abort, stream } = call
      const sealed = account.secret()
      const secret = typeof sealed === 'string' ? sealed : await sealed
      const way = account.proxy()
      const proxy = way instanceof Promise ? await way : way
      const response = await http.send({
        url: `${account.baseUrl}/chat/completions`,
        method: 'POST',
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/json',
          accept: stream ? 'text/event-stream' : 'application/json',
          // A compressed stream would wait for its compressor.
          'accept-encoding': 'identity',
        },
        body: nativeBody(call, quirks),
        proxy,
        abort,
      })
      if (!response.ok) throw await readFault(response, secret, now())
      return { form: 'native', response }
    },

    async models(account: Account, abort: AbortController): Promise<readonly UpstreamModel[]> {
      const secret = await account.secret()
      const proxy = await account.proxy()
      const response = await http.send({
        url: `${account.baseUrl}/models`,
        method: 'GET',
        headers: { authorization: `Bearer ${secret}`, accept: 'application/json' },
        proxy,
        abort,
      })
      if (!response.ok) throw await readFault(response, secret, now())
      const body: unknown = await response.json().catch((cause) => {
        throw asFault(cause, abort.signal)
      })
      return readModels(body)
    },
  }
}

/** @throws UpstreamFault when it is no model list */
function readModels(body: unknown): readonly UpstreamModel[] {
  const list = (body as { data?: unknown } | null)?.data
  if (!Array.isArray(list))
    throw new UpstreamFault('malformed', 'The upstream answered something that is no model list.')
  return list.filter(
    (model): model is UpstreamModel => typeof model?.id === 'string' && model.id !== '',
  )
}
