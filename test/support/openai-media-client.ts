import OpenAI, { toFile } from 'openai'

/** The SDK in front of a fake, without second tries. */
export const clientOf = ({ url }: { readonly url: string }, apiKey = 'one') =>
  new OpenAI({ baseURL: url, apiKey, maxRetries: 0 })

/** A picture as the SDK sends it. */
export const fileOf = (bytes: Uint8Array<ArrayBuffer>, type = 'png') =>
  toFile(bytes, `a.${type}`, { type: `image/${type}` })

/** What a call is refused with. */
export const refusal = (asked: PromiseLike<unknown>) =>
  asked.then(
    () => 'taken',
    ({ status, code }) => [status, code],
  )

/** Asks for what the SDK would not send. */
export function bareClient(urlOf: () => string) {
  const post = (path: string, body: unknown) =>
    fetch(urlOf() + path, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { authorization: 'Bearer one', 'content-type': 'application/json' },
    })
  return {
    post,
    /** What that is refused with. */
    async refused(path: string, body: unknown) {
      const response = await post(path, body)
      const { error } = await response.json()
      return response.ok ? 'taken' : [response.status, error.code]
    },
  }
}
