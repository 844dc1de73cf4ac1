import { KEY } from './gateway'

/** Puts pictures and files behind a gateway, as the program that `GROXY_API_KEY` is for. */
export function uploadsTo(url: string) {
  const send = (path: string, body: FormData) =>
    fetch(`${url}/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body,
    })
  return {
    picture(bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
      const body = new FormData()
      body.append('file', new Blob([bytes]), 'picture')
      return send('uploads/image', body)
    },
    file(name: string, text: string): Promise<Response> {
      const body = new FormData()
      body.append('purpose', 'user_data')
      body.append('file', new Blob([text]), name)
      return send('files', body)
    },
  }
}
