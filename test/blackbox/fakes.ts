import { fakeGrokWeb } from '../fakes/grok-web'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { fakePool } from '../fakes/pool'
import { healthy } from '../fakes/pool-acts'
import { fakeResponses } from '../fakes/responses-upstream'
import { fakeUpstream } from '../fakes/upstream'
import { fakeXaiMedia } from '../fakes/xai-media'

/** Every upstream that the gateway has accounts at, in this process, with the controls of each. */
export async function startFakes() {
  await using stack = new AsyncDisposableStack()
  /** A server that speaks chat alone. */
  const chat = stack.use(fakeUpstream())
  let answer: Parameters<typeof fakeResponses>[0]
  const responses = stack.use(fakeResponses((asked, seen) => answer?.(asked, seen)))
  const xai = stack.use(fakeXaiMedia())
  const openai = stack.use(fakeOpenAiMedia())
  const web = stack.use(fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] }))
  const pool = stack.use(
    await fakePool({ first: healthy, second: healthy }, { models: ['shared'] }),
  )
  /** Where callers with a key of their own are sent: it repeats what it was asked. */
  const own = stack.use(
    fakeUpstream(({ method, path, body, headers }) =>
      Response.json(
        { method, path, body, authorization: headers.get('authorization') },
        { status: 201, headers: { 'x-ratelimit-limit': '9', 'set-cookie': 'a=b' } },
      ),
    ),
  )
  const kept = stack.move()
  return {
    ...{ chat, responses, xai, openai, web, pool, own },
    /** What the server that speaks Responses says from now on; without it, the usual. */
    responds(next?: Parameters<typeof fakeResponses>[0]): void {
      answer = next
    },
    /** All of them as they were at the start. */
    calm(): void {
      chat.script(() => undefined)
      answer = undefined
      xai.clear()
      openai.clear()
      web.clearScripts()
      for (const account of pool.accounts()) account.act = healthy
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type Fakes = Awaited<ReturnType<typeof startFakes>>
