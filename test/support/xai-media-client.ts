import { png } from '../fakes/xai-media'

/** What comes over the wire, of any form. */
export type Json = ReturnType<typeof JSON.parse>

/** A file as it stands in a request. */
export const dataUrl = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

export const PNG = dataUrl('image/png', png('a'))

/** Asks a fake of xAI with plain fetch. */
export function xaiClient(urlOf: () => string) {
  async function ask(path: string, body?: unknown, key = 'one'): Promise<[number, Json]> {
    const response = await fetch(urlOf() + path, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    })
    return [response.status, await response.json()]
  }
  return {
    ask,
    statusOf: async (path: string, body?: unknown) => (await ask(path, body))[0],
  }
}
