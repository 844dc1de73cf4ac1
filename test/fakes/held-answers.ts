import { chunk, type Seen, USAGE } from './upstream'

/** A streamed chat answer that says what the test tells it to, when it does. */
export interface HeldAnswer {
  readonly seen: Seen
  say(text: string): void
  /** End it well. */
  end(): void
  /** Break the connection. */
  cut(): void
}

const utf8 = new TextEncoder()

/** Holds every streamed answer of a fake upstream until the test says more. */
export function heldAnswers() {
  const answers: HeldAnswer[] = []

  function answer(seen: Seen): Response | undefined {
    if (seen.path !== '/v1/chat/completions' || !JSON.parse(seen.body).stream) return
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined
    const send = (data: string) => controller?.enqueue(utf8.encode(`data: ${data}\n\n`))
    const body = new ReadableStream<Uint8Array>({
      start(opened) {
        controller = opened
      },
    })
    answers.push({
      seen,
      say: (text) => send(JSON.stringify(chunk({ role: 'assistant', content: text }))),
      end() {
        send(JSON.stringify(chunk({}, 'stop')))
        send(JSON.stringify({ ...chunk({}), choices: [], usage: USAGE }))
        send('[DONE]')
        controller?.close()
      },
      cut: () => controller?.error(),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  return {
    /** The script of the upstream. */
    script: answer,
    all: answers,
    /** The latest answer, once somebody waits for it. */
    last: (): HeldAnswer | undefined => answers.at(-1),
  }
}
