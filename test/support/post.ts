import { type Agent, request } from 'node:http'

/** What a program was answered. */
export interface Answered {
  readonly status: number
  readonly requestId: string
  readonly text: string
}

interface Posting {
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Post something over the connections of an agent, which `fetch` leaves to chance, and read all of the answer. */
export const post = (url: string, { agent, headers, body }: Posting): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const asking = request(
      url,
      { agent, method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
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
    asking.end(body)
  })
