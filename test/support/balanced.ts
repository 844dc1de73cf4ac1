import { Agent, get } from 'node:http'
import { messageOf } from '#src/errors'
import { post } from './post'

/** What became of one request. */
interface Outcome {
  readonly url: string
  readonly status: number
  readonly text: string
  /** Why there was no answer. */
  readonly problem?: string
}

interface Plan {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: (number: number) => string
}

const LOOK_MS = 1_000

/**
 * Load through a balancer as most are: it looks at `/ready` of each instance every second, gives requests to
 * those that were ready, in turn, keeps connections open, and asks nobody a second time.
 */
export function balanced(urls: readonly string[], { path, headers, body }: Plan) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const known = new Set(urls)
  let ready = [...urls]
  let isOver = false
  let turn = 0
  const outcomes: Outcome[] = []

  const isReady = (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      get(`${url}/ready`, { agent: false, timeout: LOOK_MS }, (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      }).on('error', () => resolve(false))
    })

  async function look(): Promise<void> {
    while (!isOver) {
      const seen = await Promise.all(
        [...known].map(async (url) => ((await isReady(url)) ? [url] : [])),
      )
      ready = seen.flat()
      await Bun.sleep(LOOK_MS)
    }
  }

  async function ask(url: string, number: number): Promise<Outcome> {
    try {
      const { status, text } = await post(url + path, { agent, headers, body: body(number) })
      return { url, status, text }
    } catch (cause) {
      return { url, status: 0, text: '', problem: `request ${number}: ${messageOf(cause)}` }
    }
  }

  async function client(): Promise<void> {
    while (!isOver) {
      const number = turn++
      const url = ready[number % ready.length]
      if (url) outcomes.push(await ask(url, number))
      else outcomes.push({ url: '', status: 0, text: '', problem: 'nobody was ready' })
    }
  }

  const looking = look()
  const clients = Array.from({ length: 12 }, client)
  return {
    outcomes,
    /** From now on this one is looked at as well. */
    add: (url: string): void => void known.add(url),
    remove: (url: string): void => void known.delete(url),
    /** Ask nothing any more, and wait for what was asked. */
    async end(): Promise<readonly Outcome[]> {
      isOver = true
      await Promise.all([looking, ...clients])
      agent.destroy()
      return outcomes
    },
  }
}
