import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Act, healthy, type PoolCall, tokensOf } from './pool-acts'

/** A turn that an account answered to its end. */
export interface Served {
  readonly account: string
  readonly model: string
  readonly prompt: string
  readonly input: number
  readonly cached: number
  readonly output: number
  /** When the last byte was handed over. */
  readonly at: number
}

/** A call as it is remembered; `endedAt` is when the account was done with it. */
export interface Heard {
  readonly at: number
  readonly model: string
  readonly stream: boolean
  readonly prompt: string
  readonly headers: PoolCall['headers']
  endedAt: number | undefined
}

/** What one account of the fake was asked. */
export interface FakeAccount {
  readonly name: string
  readonly secret: string
  readonly calls: Heard[]
  readonly served: Served[]
  /** Calls that the gateway gave up. */
  aborted: number
  inFlight: number
  /** The most calls that ran at the same moment. */
  most: number
  act: Act
}

interface Options {
  readonly now?: () => number
  readonly models?: readonly string[]
  /** Refuses the key at the model list, too: the status, for accounts whose key is bad. */
  readonly isBad?: (name: string) => number | undefined
  readonly port?: number
}

/** The credential of an account of the fake. */
export const secretOf = (name: string): string => `xai-fake-account-${name}`

/**
 * An OpenAI-compatible upstream, a real server, whose accounts are told apart by their bearer and do
 * what their scripts say. It counts what a gateway's pool and ledger can be held to.
 */
export async function fakePool(acts: Readonly<Record<string, Act>>, options: Options = {}) {
  const { now = Date.now, models = ['grok-4'], isBad = () => undefined } = options
  const accounts = new Map<string, FakeAccount>()
  const add = (name: string, act: Act = healthy): FakeAccount => {
    const secret = secretOf(name)
    const counts = { aborted: 0, inFlight: 0, most: 0 }
    const account = { name, secret, act, calls: [], served: [], ...counts }
    accounts.set(secret, account)
    return account
  }
  for (const [name, act] of Object.entries(acts)) add(name, act)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request)
    const secret = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const account = accounts.get(secret)
    if (!account) sendJson(response, 401, { error: 'Unknown key.' })
    else if (request.method === 'GET') list(account, response)
    else chat(account, request, response, JSON.parse(text))
  }

  function list(account: FakeAccount, response: ServerResponse): void {
    const refused = isBad(account.name)
    const data = models.map((id) => ({ id, object: 'model', created: 1760000000, owned_by: 'xai' }))
    if (refused) sendJson(response, refused, { error: 'The API key is not valid.' })
    else sendJson(response, 200, { object: 'list', data })
  }

  function chat(
    account: FakeAccount,
    { headers }: IncomingMessage,
    response: ServerResponse,
    body: { model: string; stream?: boolean; messages: { content: string }[] },
  ): void {
    const { model } = body
    const stream = body.stream === true
    const prompt = String(body.messages.at(-1)?.content)
    const heard: Heard = { at: now(), model, stream, prompt, headers, endedAt: undefined }
    account.calls.push(heard)
    account.most = Math.max(account.most, ++account.inFlight)
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    let cutByUs = false
    response.once('close', () => {
      heard.endedAt = now()
      account.inFlight--
      if (!response.writableEnded && !cutByUs) account.aborted++
      resolve()
    })
    const { name } = account
    const served = () => {
      const { input, cached, output } = tokensOf(prompt, model)
      account.served.push({ account: name, model, prompt, input, cached, output, at: now() })
    }
    const call = { account: name, model, stream, prompt, headers, response, now }
    void Promise.resolve(account.act({ ...call, closed, served })).then(() => {
      cutByUs = response.socket?.destroyed === true && !response.writableEnded
    })
  }

  const server = await listen(answer, options.port)
  const url = urlOf(server)
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= close(server)
    return stopped
  }
  return {
    url,
    port: Number(new URL(url).port),
    /** An account that was not there at the start. */
    add,
    account(name: string): FakeAccount {
      const found = accounts.get(secretOf(name))
      if (!found) throw new Error(`The fake has no account ${name}.`)
      return found
    },
    accounts: (): FakeAccount[] => [...accounts.values()],
    /** Every turn that was answered to its end, whoever did. */
    served: (): Served[] => [...accounts.values()].flatMap(({ served }) => served),
    calls: (): Heard[] => [...accounts.values()].flatMap(({ calls }) => calls),
    /** As if the machine went away. */
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export type FakePool = Awaited<ReturnType<typeof fakePool>>

type Server = ReturnType<typeof createServer>

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port = 0,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response).catch((cause) => response.destroy(cause))
  })
  // Else it may end a connection that is being asked on, which on a busy machine it does.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += piece
  return text
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
