/** One tool loop with LangChain: the job is in `JOB`, what came of it goes to stdout. */
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'

const { responses, baseURL, apiKey, model, stream, question, note } = JSON.parse(process.env.JOB)

const lookUp = tool(async ({ place }) => `${place}: ${note}`, {
  name: 'look_up',
  description: 'Look up what is written about a place',
  schema: z.object({ place: z.string() }),
})

const chat = new ChatOpenAI({
  model,
  apiKey,
  maxRetries: 0,
  useResponsesApi: responses,
  streamUsage: true,
  configuration: { baseURL },
}).bindTools([lookUp])

async function ask(messages) {
  if (!stream) return { message: await chat.invoke(messages), chunks: 0 }
  let message
  let chunks = 0
  for await (const chunk of await chat.stream(messages)) {
    message = message ? message.concat(chunk) : chunk
    chunks++
  }
  return { message, chunks }
}

const messages = [new HumanMessage(question)]
const turns = []
for (let turn = 0; turn < 4; turn++) {
  const { message, chunks } = await ask(messages)
  messages.push(message)
  const calls = message.tool_calls ?? []
  turns.push({
    chunks,
    text: message.text,
    calls: calls.map(({ name, args }) => ({ name, args })),
    usage: message.usage_metadata,
  })
  if (calls.length === 0) break
  for (const call of calls)
    messages.push(
      new ToolMessage({ tool_call_id: call.id, content: await lookUp.invoke(call.args) }),
    )
}
console.log(JSON.stringify({ turns }))
