import { Agent } from 'node:http'
import { ASK } from './gateway'
import { type Answered, post } from './post'

/** Many programs at once, each with a connection of its own: Bun's `fetch` lets no more than 256 go. */
export function crowd() {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

  /** Ask for a chat, and read what comes to its end. */
  const ask = (url: string, key: string, body: object): Promise<Answered> =>
    post(`${url}/v1/chat/completions`, {
      agent,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ASK, ...body }),
    })

  return { ask, [Symbol.dispose]: () => agent.destroy() }
}
