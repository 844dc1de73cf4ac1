import { Agent, request } from 'node:http'
import { ASK } from './gateway'

/** What a program was answered. */
export interface Answered {
  readonly status: number
  readonly requestId: string
  readonly text: string
}

/** Many programs at once, each with a connection of its own: Bun's `fetch` lets no more than 256 go. */
export function crowd() {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

  /** Ask for a chat, and read what comes to its end. */
  const ask = (url: string, key: string, body: object): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const sent = JSON.stringify({ ...ASK, ...body })
      const asking = request(
        `${url}/v1/chat/completions`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(sent),
          },
        },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (piece: string) => {
            text += piece
          })
          answer.once('error', reject)
          answer.once('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              requestId: String(answer.headers['x-request-id']),
              text,
            }),
          )
        },
      )
      asking.once('error', reject)
      asking.end(sent)
    })

  return { ask, [Symbol.dispose]: () => agent.destroy() }
}
