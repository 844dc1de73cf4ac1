import { textFor } from '../fakes/pool-acts'
import { readEvents, textOf } from './streams'

interface Turn {
  readonly prompt: string
  readonly model?: string
  readonly stream?: boolean
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  readonly signal?: AbortSignal
}

/** One turn through a gateway, read to its end, and what became of it. */
export async function take(at: { readonly url: string }, turn: Turn, fallbackKey?: string) {
  const { prompt, model = 'grok-4', stream = false, key = fallbackKey, body, signal } = turn
  const startedAt = performance.now()
  const response = await fetch(`${at.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...turn.headers,
    },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(stream && { stream, stream_options: { include_usage: true } }),
      ...body,
    }),
    ...(signal && { signal }),
  })
  let isCut = false
  const text = await textUpToCut(response, () => (isCut = true))
  const said = stream && response.status === 200 ? textOf(readEvents(text)) : contentOf(text)
  return {
    status: response.status,
    headers: response.headers,
    text,
    /** What the model said. */
    said,
    /** The connection was cut within the answer. */
    isCut,
    ms: performance.now() - startedAt,
    account: response.headers.get('x-groxy-account') ?? '',
    model: response.headers.get('x-groxy-model') ?? '',
    attempts: Number(response.headers.get('x-groxy-attempts') ?? Number.NaN),
    overheadMs: Number(response.headers.get('x-groxy-overhead-ms') ?? Number.NaN),
    /** It is the whole answer of that account. */
    isWhole: (account: string) =>
      said === textFor(prompt, account) && (!stream || text.endsWith('data: [DONE]\n\n')),
  }
}

async function textUpToCut(response: Response, onCut: () => void): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true })
  } catch {
    onCut()
  }
  return text
}

function contentOf(text: string): string {
  try {
    return JSON.parse(text).choices?.[0]?.message?.content ?? ''
  } catch {
    return ''
  }
}
