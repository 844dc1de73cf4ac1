type Json = Record<string, unknown>

interface Fragment {
  readonly index: number
  readonly id?: string
  readonly type?: string
  readonly function?: { readonly name?: string; readonly arguments?: string }
  readonly custom?: { readonly name?: string; readonly input?: string }
}

/** Put the chunks of a chat stream together, as its documentation says, into the whole answer. */
export function accumulate(events: readonly unknown[]): Json {
  const chunks = events.filter((event) => event !== '[DONE]') as Json[]
  const choices: Json[] = []
  let usage: unknown
  const citations: unknown[] = []
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage
    citations.push(...((chunk.citations as unknown[]) ?? []))
    for (const { index, delta, finish_reason, logprobs } of chunk.choices as Json[]) {
      const at = index as number
      choices[at] ??= { index, message: { content: null, refusal: null }, logprobs: null }
      const choice = choices[at] as Json
      addTo(choice.message as Json, delta as Json)
      if (finish_reason) choice.finish_reason = finish_reason
      if (!logprobs) continue
      const before = (choice.logprobs as { content: unknown[] } | null)?.content ?? []
      const { content } = logprobs as { content: unknown[] }
      choice.logprobs = { content: [...before, ...content], refusal: null }
    }
  }
  for (const { message } of choices) finishMessage(message as Json)
  const [{ id, created, model } = {} as Json] = chunks
  const head = { id, object: 'chat.completion', created, model, choices, usage }
  return citations.length > 0 ? { ...head, citations } : head
}

function addTo(message: Json, delta: Json) {
  if (delta.role) message.role = delta.role
  for (const key of ['content', 'refusal', 'reasoning_content'])
    if (typeof delta[key] === 'string') message[key] = `${message[key] ?? ''}${delta[key]}`
  if (delta.annotations)
    message.annotations = [
      ...((message.annotations as unknown[]) ?? []),
      ...(delta.annotations as unknown[]),
    ]
  for (const fragment of (delta.tool_calls as Fragment[]) ?? []) {
    message.tool_calls ??= []
    addCall(message.tool_calls as Json[], fragment)
  }
}

function addCall(calls: Json[], { index, id, type, function: called, custom }: Fragment) {
  calls[index] ??= { id, type, [type ?? '']: {} }
  const call = calls[index] as { function?: Json; custom?: Json }
  if (call.function && called) {
    call.function.name ??= called.name
    call.function.arguments = `${call.function.arguments ?? ''}${called.arguments}`
  }
  if (call.custom && custom) {
    call.custom.name ??= custom.name
    call.custom.input = `${call.custom.input ?? ''}${custom.input}`
  }
}

/** A first delta says `content: ""` for form's sake: a message with calls and no text has none. */
function finishMessage(message: Json) {
  const isSilent = message.tool_calls !== undefined || message.refusal !== null
  if (message.content === '' && isSilent) message.content = null
  if (message.content === null && !isSilent) message.content = ''
}
